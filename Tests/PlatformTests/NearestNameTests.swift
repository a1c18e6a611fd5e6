import Platform
import Testing

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("sede", "seed"), ("SEED", "seed"), ("sed", "seed"), ("epoch", "epochs"), ("epochs_done", "epochs"),
    ("rat", "rate"),
  ])
  func aSlipIsUnderstood(name: String, meant: String) {
    #expect(nearestName(to: name, in: ["rate", "seed", "epochs"]) == meant)
  }

  @Test(arguments: ["", "x", "hr", "batches", "completely different"])
  func whatIsFarFromAllIsNearToNone(name: String) {
    #expect(nearestName(to: name, in: ["rate", "seed", "epochs"]) == nil)
  }

  @Test func amongEquallyNearTheFirstInOrderIsMeant() {
    #expect(nearestName(to: "mab", in: ["map", "mac"]) == "mac")
    #expect(nearestName(to: "mab", in: [String]()) == nil)
  }

  @Test func namesOfAnyLengthAreCompared() {
    #expect(nearestName(to: String(repeating: "x", count: 1_000_000), in: ["seed"]) == nil)
  }
}
