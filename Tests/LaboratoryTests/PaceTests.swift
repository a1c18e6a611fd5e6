import Testing

@testable import Laboratory

@Suite struct PaceTests {
  @Test func epochsThatLastTheSameAreWhatIsLeft() {
    var pace = Pace(begunAt: 100)
    for epoch in 1...3 { pace.epochEnded(at: 100 + 2 * Double(epoch)) }
    #expect(pace.secondsLeft(at: 106, epochs: 7) == 14)
  }

  @Test func withinAnEpochItsShareCounts() {
    var pace = Pace(begunAt: 0)
    #expect(pace.secondsLeft(at: 1, epochs: 5, share: 0.25) == 19, "four seconds an epoch, 4.75 of them left")
    pace.epochEnded(at: 4)
    #expect(pace.secondsLeft(at: 6, epochs: 4, share: 0.5) == 14)
  }

  @Test func beforeAnythingIsKnownNothingIsSaid() {
    #expect(Pace(begunAt: 5).secondsLeft(at: 9, epochs: 3) == 0)
  }

  @Test func slowerEpochsCountAloneOnceTheyAreTenOrMore() {
    var (pace, now) = (Pace(begunAt: 0), 0.0)
    func train(_ epochs: Int, _ seconds: Double) {
      for _ in 0..<epochs {
        now += seconds
        pace.epochEnded(at: now)
      }
    }
    train(100, 0.5)
    #expect(pace.secondsLeft(at: now, epochs: 200) == 100)
    train(5, 4)
    #expect(pace.secondsLeft(at: now, epochs: 195) == 195 * 2.25, "five of each")
    train(5, 4)
    #expect(pace.secondsLeft(at: now, epochs: 190) == 190 * 4)
  }

  @Test func atTheLastEpochsEndNothingIsLeft() {
    var pace = Pace(begunAt: 0)
    pace.epochEnded(at: 3)
    #expect(pace.secondsLeft(at: 3, epochs: 0) == 0)
    #expect(pace.secondsLeft(at: 6, epochs: 1, share: 1) == 0)
  }
}
