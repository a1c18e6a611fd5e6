import Interactions
import LuaHost
import LuaLibrary

/// A small split with planted groups: users and items of the same parity like each other.
func smallSplit(validShare: Bool = false) -> Split {
  var users: [Int32] = []
  var items: [Int32] = []
  for user in 0..<40 {
    for item in 0..<30 where (user + item) % 2 == 0 && (user * 7 + item * 3) % 4 != 0 {
      users.append(Int32(user))
      items.append(Int32(item))
    }
  }
  let dataset = Dataset(name: "small", userCount: 40, itemCount: 30, users: users, items: items)
  return try! dataset.split(.ratio(test: 0.2, valid: validShare ? 0.1 : 0, seed: 3))
}

/// Suites whose sources follow a prelude and find a small data set in `split`.
protocol TrainingScripts {
  static var prelude: String { get }
}

extension TrainingScripts {
  /// What the script returns.
  func run(_ source: String, split: Split = smallSplit()) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("split", split)
    return try state.run(Self.prelude + source, name: "t.lua")
  }

  /// The script's error.
  func message(_ source: String, split: Split = smallSplit()) -> String {
    do {
      _ = try run(source, split: split)
      return "no error"
    } catch { return "\(error)" }
  }

  /// Line of the first line of a test's source.
  var firstLine: Int { Self.prelude.split(separator: "\n", omittingEmptySubsequences: false).count }
}
