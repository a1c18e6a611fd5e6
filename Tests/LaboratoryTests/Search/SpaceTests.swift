import Platform
import Tensors
import Testing

@testable import Laboratory

/// What settings may be, and what random searches and grids make of it.
@Suite struct SpaceTests {
  @Test(arguments: [
    (SearchDimension.Kind.choice([]), "want at least one value"),
    (.choice([.integer(1), .string("1"), .integer(1)]), "the value 1 stands there twice"),
    (.number(low: 1, high: 1, isLog: false), "want low < high, got 1.0 and 1.0"),
    (.number(low: 2, high: 1, isLog: false), "want low < high, got 2.0 and 1.0"),
    (.number(low: 0, high: 1, isLog: true), "begins above 0"),
    (.number(low: .nan, high: 1, isLog: false), "finite bounds"),
    (.number(low: -1e308, high: 1e308, isLog: false), "finite bounds"),
    (.integer(low: 5, high: 4, isLog: false), "want low < high, got 5 and 4"),
    (.integer(low: 0, high: 4, isLog: true), "begins at 1 or more"),
    (.integer(low: .min, high: .max, isLog: false), "within ±2^52"),
  ])
  func whatHasNoValuesIsRefused(_ kind: SearchDimension.Kind, _ problem: String) {
    #expect(message { _ = try SearchDimension(kind) }.contains(problem))
  }

  @Test func valuesAreKeptAsTheyAre() {
    let values: [SearchValue] = [
      .boolean(true), .integer(-3), .number(1), .number(0.1), .number(1e-300), .number(-1e16), .string(""),
      .string("1"),
      .string("true"), .string("a \"b\"\n\u{1}ü"),
    ]
    for value in values { #expect(SearchValue(literal: value.literal) == value) }
    #expect(SearchValue(literal: "x") == nil && SearchValue(literal: "\"") == nil)
  }

  @Test func randomValuesAreSpreadAsTheySay() throws {
    func shares(_ kind: SearchDimension.Kind, _ isLower: (SearchValue) -> Bool) throws -> Double {
      let dimension = try SearchDimension(kind)
      let values = (1...4000).map { RandomSettings.value(seed: 3, trial: $0, "x", dimension) }
      return Double(values.count(where: isLower)) / 4000
    }
    #expect(abs(try shares(.number(low: -1, high: 3, isLog: false)) { $0.number! < 0 } - 0.25) < 0.03)
    #expect(abs(try shares(.number(low: 1e-4, high: 1, isLog: true)) { $0.number! < 1e-3 } - 0.25) < 0.03)
    #expect(abs(try shares(.integer(low: 1, high: 4, isLog: false)) { $0 == .integer(1) } - 0.25) < 0.03)
    #expect(abs(try shares(.integer(low: 1, high: 4, isLog: false)) { $0 == .integer(4) } - 0.25) < 0.03)
    #expect(
      abs(try shares(.choice([.integer(1), .string("b"), .boolean(true)])) { $0 == .string("b") } - 1 / 3) < 0.03)
    // Each order of magnitude alike: from 1 to 100 half are up to 10, as logarithms of half steps have it.
    let expected = (log(10.5) - log(0.5)) / (log(100.5) - log(0.5))
    #expect(abs(try shares(.integer(low: 1, high: 100, isLog: true)) { $0.number! <= 10 } - expected) < 0.03)
  }

  @Test func aSettingIsAFunctionOfSeedTrialAndNameAlone() throws {
    let dimension = try SearchDimension(.number(low: 0, high: 1, isLog: false))
    let value = RandomSettings.value(seed: 1, trial: 2, "a", dimension)
    #expect(value == RandomSettings.value(seed: 1, trial: 2, "a", dimension))
    for other in [
      RandomSettings.value(seed: 2, trial: 2, "a", dimension), RandomSettings.value(seed: 1, trial: 3, "a", dimension),
      RandomSettings.value(seed: 1, trial: 2, "b", dimension),
    ] { #expect(other != value) }
  }

  // MARK: Grids

  private func text(_ settings: [[SettingDraw.Setting]]) -> [String] {
    settings.map { $0.map { "\($0.name)=\($0.value.text)" }.joined(separator: " ") }
  }

  @Test func aGridHasAllCombinationsOfEachBranch() throws {
    let kinds = try SearchDimension(.choice([.string("a"), .string("b"), .string("c")]))
    let rate = try SearchDimension(.number(low: 0.01, high: 1, isLog: true), points: 3)
    let layers = try SearchDimension(.integer(low: 1, high: 2, isLog: false))
    let all = try GridSettings.all { draw in
      let kind = try draw.value("kind", kinds)
      if kind == .string("b") { _ = try draw.value("rate", rate) }
      if kind == .string("c") {
        let count = try draw.value("layers", layers)
        if count == .integer(2) { _ = try draw.value("rate", rate) }
      }
    }
    #expect(
      text(all) == [
        "kind=a", "kind=b rate=0.01", "kind=b rate=0.1", "kind=b rate=1", "kind=c layers=1",
        "kind=c layers=2 rate=0.01",
        "kind=c layers=2 rate=0.1", "kind=c layers=2 rate=1",
      ])
  }

  @Test func aGridOfRandomTablesIsTheirProduct() throws {
    let stream = RandomStream(seed: 5, purpose: "grids")
    for round in 0..<50 {
      let counts = (0..<3).map { 1 + stream.substream(round).integer(below: 4, at: UInt64($0)) }
      let dimensions = try counts.map { try SearchDimension(.choice((0..<$0).map { .integer($0) })) }
      let all = try GridSettings.all { draw in
        for (index, dimension) in dimensions.enumerated() { _ = try draw.value("d\(index)", dimension) }
      }
      // The slow obvious way.
      var product: [[Int]] = [[]]
      for count in counts { product = product.flatMap { head in (0..<count).map { head + [$0] } } }
      #expect(all.map { $0.map { Int($0.value.number!) } } == product)
    }
  }

  @Test func valuesOfAGridHaveBothEnds() throws {
    func values(_ kind: SearchDimension.Kind, _ points: Int?) throws -> [String] {
      try SearchDimension(kind, points: points).gridValues().map(\.text)
    }
    #expect(try values(.number(low: -1, high: 1, isLog: false), 5) == ["-1", "-0.5", "0", "0.5", "1"])
    #expect(try values(.number(low: 1e-4, high: 1e-1, isLog: true), 4) == ["0.0001", "0.001", "0.01", "0.1"])
    #expect(try values(.integer(low: 8, high: 128, isLog: true), 5) == ["8", "16", "32", "64", "128"])
    #expect(try values(.integer(low: 1, high: 3, isLog: false), 10) == ["1", "2", "3"])
    #expect(try values(.integer(low: 1, high: 3, isLog: false), nil) == ["1", "2", "3"])
    #expect(message { _ = try values(.number(low: 0, high: 1, isLog: false), nil) }.contains("has no end of values"))
    #expect(message { _ = try values(.integer(low: 0, high: 5000, isLog: false), nil) }.contains("has 5001 values"))
  }

  @Test func spacesThatCannotBeAreRefused() throws {
    let one = try SearchDimension(.choice([.integer(1)]))
    #expect(message { _ = try GridSettings.all { _ in } }.contains("the space is empty"))
    #expect(
      message {
        _ = try GridSettings.all { draw in for _ in 0..<2 { _ = try draw.value("x", one) } }
      }.contains("asks for 'x' twice"))
    let many = try SearchDimension(.integer(low: 1, high: 1000, isLog: false))
    #expect(
      message { _ = try GridSettings.all { draw in for name in ["a", "b"] { _ = try draw.value(name, many) } } }
        .contains(
          "more than 100000 combinations"))
  }

  @Test func aChangedSpaceIsNamed() throws {
    let range = try SearchDimension(.number(low: 0, high: 1, isLog: false))
    let wider = try SearchDimension(.number(low: 0, high: 2, isLog: false))
    let kept = try SettingDraw.settings(of: { _ = try $0.value("a", range) }) {
      RandomSettings.value(seed: 1, trial: 1, $0, $1)
    }
    try KeptSettings.check(kept) { _ = try $0.value("a", range) }
    func problem(_ space: SearchSpace) -> String { message { try KeptSettings.check(kept, against: space) } }
    #expect(problem { _ = try $0.value("a", wider) } == "'a' is uniform(0.0, 2.0) now, and was uniform(0.0, 1.0)")
    #expect(problem { _ = try $0.value("b", range) } == "the space asks for 'b', which it did not before")
    #expect(
      problem { draw in for name in ["a", "b"] { _ = try draw.value(name, range) } }
        == "the space asks for 'b', which it did not before")
    let two = kept + [.init(name: "c", value: .integer(1), dimension: "choice(1)")]
    #expect(
      message { try KeptSettings.check(two) { _ = try $0.value("a", range) } }
        == "the space does not ask for 'c' any more, where it did before")
  }
}
