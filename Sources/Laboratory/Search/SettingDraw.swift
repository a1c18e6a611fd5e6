import Interactions
import Tensors

/// The settings of one trial as a space asks for them, one after another; what it asks next may depend on what it got.
public final class SettingDraw {
  /// A setting, what it might have been, and what it is.
  public struct Setting: Equatable, Sendable {
    public let name: String
    public let value: SearchValue
    /// `SearchDimension.text`
    public let dimension: String
  }

  public private(set) var settings: [Setting] = []
  private let choose: (String, SearchDimension) throws -> SearchValue

  init(_ choose: @escaping (String, SearchDimension) throws -> SearchValue) { self.choose = choose }

  /// - Throws: `SearchError` where a name was asked for before.
  public func value(_ name: String, _ dimension: SearchDimension) throws -> SearchValue {
    guard !settings.contains(where: { $0.name == name }) else {
      throw SearchError("the space asks for '\(name)' twice: settings have names of their own")
    }
    let value = try choose(name, dimension)
    settings.append(Setting(name: name, value: value, dimension: dimension.text))
    return value
  }

  /// All settings that a space gives.
  ///
  /// - Throws: `SearchError` where it asks for none.
  static func settings(of space: SearchSpace, _ choose: @escaping (String, SearchDimension) throws -> SearchValue)
    throws
    -> [Setting]
  {
    let draw = SettingDraw(choose)
    try space(draw)
    guard !draw.settings.isEmpty else {
      throw SearchError("the space is empty: want at least one setting to choose")
    }
    return draw.settings
  }
}

/// Asks for one setting after another. It asks the same where it gets the same.
public typealias SearchSpace = (SettingDraw) throws -> Void

/// A random search: each trial's settings by themselves, whatever the others were.
enum RandomSettings {
  /// Numbers of a trial and a setting: a condition does not shift the settings behind it.
  static func stream(seed: UInt64, trial: Int, name: String) -> RandomStream {
    var hash = ContentHash()
    Array(name.utf8).withUnsafeBytes { hash.update($0) }
    return RandomStream(seed: seed, purpose: "search", trial, Int(truncatingIfNeeded: hash.value))
  }

  static func value(seed: UInt64, trial: Int, _ name: String, _ dimension: SearchDimension) -> SearchValue {
    dimension.value(at: stream(seed: seed, trial: trial, name: name).uniformDouble(at: 0))
  }
}

/// Settings that were drawn before, asked for anew: shows where a space has changed.
enum KeptSettings {
  /// - Throws: `SearchError` that names the first difference.
  static func check(_ kept: [SettingDraw.Setting], against space: SearchSpace) throws {
    let byName = Dictionary(kept.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let now = try SettingDraw.settings(of: space) { name, dimension in
      guard let before = byName[name] else {
        throw SearchError("the space asks for '\(name)', which it did not before")
      }
      guard before.dimension == dimension.text else {
        throw SearchError("'\(name)' is \(dimension.text) now, and was \(before.dimension)")
      }
      return before.value
    }
    let names = Set(now.map(\.name))
    if let missing = kept.first(where: { !names.contains($0.name) }) {
      throw SearchError("the space does not ask for '\(missing.name)' any more, where it did before")
    }
  }
}

/// All combinations of settings, conditions included.
enum GridSettings {
  static let most = 100_000

  /// In the order of a counter whose last setting runs fastest.
  ///
  /// The space is asked once for each: a setting that has a next value gets it, and those behind it begin anew, as they may not be the same
  /// settings any more. O(combinations · settings).
  /// - Throws: `SearchError` for a range without an end to its values, or more than `most` combinations.
  static func all(of space: SearchSpace) throws -> [[SettingDraw.Setting]] {
    var result: [[SettingDraw.Setting]] = []
    // Of each setting on the way: its value's place, and how many there are.
    var path: [(place: Int, count: Int)] = []
    repeat {
      guard result.count < most else {
        throw SearchError("the grid has more than \(most) combinations; take fewer values, or method = \"random\"")
      }
      var depth = 0
      result.append(
        try SettingDraw.settings(of: space) { name, dimension in
          let values = try values(of: dimension, name)
          if depth == path.count { path.append((0, values.count)) }
          defer { depth += 1 }
          return values[min(path[depth].place, values.count - 1)]
        })
      path.removeLast(max(0, path.count - depth))
      while let last = path.last, last.place + 1 >= last.count { path.removeLast() }
      if !path.isEmpty { path[path.count - 1].place += 1 }
    } while !path.isEmpty
    return result
  }

  private static func values(of dimension: SearchDimension, _ name: String) throws -> [SearchValue] {
    do throws(SearchError) { return try dimension.gridValues() } catch { throw SearchError("'\(name)': \(error)") }
  }
}
