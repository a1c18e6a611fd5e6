/// Makes a failing case small: takes parts away as long as it fails in the same way.
struct Minimizer {
  /// Whether a case fails in the way that is looked for.
  let fails: (Case) throws -> Bool
  private var left: Int

  init(trials: Int, fails: @escaping (Case) throws -> Bool) {
    self.fails = fails
    left = trials
  }

  mutating func minimize(_ testCase: Case) throws -> Case {
    var smallest = testCase
    var before: Case
    repeat {
      before = smallest
      smallest.statements = try reduce(smallest.statements, of: smallest) { $0.statements = $1 }
      try reduceText(&smallest)
      try reduceFiles(&smallest)
    } while smallest != before && left > 0
    return smallest
  }

  private mutating func stillFails(_ testCase: Case) throws -> Bool {
    guard left > 0 else { return false }
    left -= 1
    return try fails(testCase)
  }

  /// Takes out runs of elements, long ones first.
  private mutating func reduce<Element>(
    _ elements: [Element], of testCase: Case, _ put: (inout Case, [Element]) -> Void
  ) throws -> [Element] {
    var elements = elements
    var size = max(1, elements.count / 2)
    while true {
      var start = 0
      while start < elements.count, left > 0 {
        var fewer = elements
        fewer.removeSubrange(start..<min(start + size, elements.count))
        var candidate = testCase
        put(&candidate, fewer)
        if try stillFails(candidate) { elements = fewer } else { start += size }
      }
      if size == 1 { return elements }
      size /= 2
    }
  }

  /// Takes out single lines of callbacks, arguments and entries of tables.
  private mutating func reduceText(_ testCase: inout Case) throws {
    for index in testCase.statements.indices {
      var place = 0
      while left > 0 {
        let parts = TextParts.removable(Array(testCase.statements[index]))
        guard place < parts.count else { break }
        var characters = Array(testCase.statements[index])
        characters.removeSubrange(parts[place])
        var candidate = testCase
        candidate.statements[index] = String(characters)
        if try stillFails(candidate) { testCase = candidate } else { place += 1 }
      }
    }
  }

  private mutating func reduceFiles(_ testCase: inout Case) throws {
    testCase.files = try reduce(testCase.files, of: testCase) { $0.files = $1 }
    for index in testCase.files.indices {
      testCase.files[index].bytes = try reduce(testCase.files[index].bytes, of: testCase) {
        $0.files[index].bytes = $1
      }
    }
  }
}

/// The parts of a statement that can be taken out, long ones first: lines within, and what stands between commas in brackets.
enum TextParts {
  static func removable(_ text: [Character]) -> [Range<Int>] {
    var parts = lines(text)
    var open: [(start: Int, isFirst: Bool)] = []
    var inString = false
    var index = 0
    while index < text.count {
      let character = text[index]
      if inString {
        if character == "\\" { index += 1 }
        if character == "\"" { inString = false }
      } else if character == "\"" {
        inString = true
      } else if "({[".contains(character) {
        open.append((index + 1, true))
      } else if ")}],".contains(character), let (start, isFirst) = open.last {
        // A later one goes with the comma in front of it, the first one with the comma behind.
        let end = isFirst && character == "," ? index + 1 : index
        let range = (isFirst ? start : start - 1)..<end
        if !range.isEmpty { parts.append(range) }
        open.removeLast()
        if character == "," { open.append((index + 1, false)) }
      }
      index += 1
    }
    return parts.sorted { $0.count > $1.count }
  }

  private static func lines(_ text: [Character]) -> [Range<Int>] {
    let ends = text.indices.filter { text[$0] == "\n" }
    return zip(ends, ends.dropFirst()).map { $0..<$1 }
  }
}
