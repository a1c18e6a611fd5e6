import Foundation
import Testing

@testable import Ranking

/// Values by hand, and what happens before the start and after the end.
@Suite struct ScheduleShapeTests {
  private func values(_ schedule: Schedule, epochs: ClosedRange<Int>) throws -> [Double] {
    try epochs.map { try schedule.value(at: TrainingPosition(epoch: $0, step: 1000 * $0)) }
  }

  private func values(_ shape: ScheduleShape, epochs: ClosedRange<Int>) throws -> [Double] {
    try values(Schedule(shape), epochs: epochs)
  }

  @Test func aLineHasItsEndsExactly() throws {
    let line = try RampSchedule(.linear, from: 0.5, to: 2.1, steps: 4, clock: .init(start: 3))
    expectClose(
      try values(line, epochs: 0...9), [0.5, 0.5, 0.5, 0.5, 0.9, 1.3, 1.7, 2.1, 2.1, 2.1], rtol: 1e-15, atol: 0)
    #expect(try values(line, epochs: 3...3) == [0.5] && values(line, epochs: 7...7) == [2.1])
  }

  @Test func aCosineIsFlatAtItsEnds() throws {
    let cosine = try RampSchedule(.cosine, from: 1, to: 0, steps: 4)
    let half = 0.5.squareRoot()
    expectClose(
      try values(cosine, epochs: 0...6), [1, 1, (1 + half) / 2, 0.5, (1 - half) / 2, 0, 0], rtol: 1e-15, atol: 1e-16)
  }

  @Test func aWarmupReachesItsEndInItsLastStep() throws {
    let warmup = try RampSchedule(.warmup, from: 0, to: 1, steps: 4, clock: .init(start: 2))
    #expect(try values(warmup, epochs: 0...7) == [0, 0, 0.25, 0.5, 0.75, 1, 1, 1])
  }

  @Test func decaysMultiply() throws {
    let smooth = try DecaySchedule(from: 8, factor: 0.25, .smooth(every: 2), clock: .init(start: 2))
    expectClose(try values(smooth, epochs: 0...6), [8, 8, 8, 4, 2, 1, 0.5], rtol: 1e-15, atol: 0)
    let jumps = try DecaySchedule(from: 8, factor: 0.5, .every(2), clock: .init(start: 2))
    #expect(try values(jumps, epochs: 0...7) == [8, 8, 8, 8, 4, 4, 2, 2])
    let listed = try DecaySchedule(from: 8, factor: 0.5, .milestones([3, 4, 6]))
    #expect(try values(listed, epochs: 1...7) == [8, 8, 4, 2, 2, 1, 1])
  }

  @Test func cyclesComeBack() throws {
    func cycle(_ form: CyclicSchedule.Form) throws -> [Double] {
      try values(CyclicSchedule(form, from: 1, to: 3, period: 4, clock: .init(start: 2)), epochs: 0...8)
    }
    #expect(try cycle(.triangle) == [1, 1, 1, 2, 3, 2, 1, 2, 3])
    #expect(try cycle(.saw) == [1, 1, 1, 1.5, 2, 2.5, 1, 1.5, 2])
    expectClose(try cycle(.wave), [1, 1, 1, 2, 3, 2, 1, 2, 3], rtol: 1e-15, atol: 0)
    let half = 0.5.squareRoot()
    expectClose(try cycle(.restarts), [1, 1, 1, 2 - half, 2, 2 + half, 1, 2 - half, 2], rtol: 1e-15, atol: 0)
  }

  @Test func aShapeByStepsDoesNotSeeEpochs() throws {
    let line = Schedule(try RampSchedule(.linear, from: 0, to: 10, steps: 10, clock: .init(.step)))
    #expect(try line.value(at: TrainingPosition(epoch: 1, step: 4)) == 3)
    #expect(try line.value(at: TrainingPosition(epoch: 9, step: 4)) == 3)
  }

  @Test func theValueIsTheSameInAllBatchesOfAnEpoch() throws {
    let line = Schedule(try RampSchedule(.linear, from: 0, to: 10, steps: 10))
    #expect(
      try line.value(at: TrainingPosition(epoch: 4, step: 1)) == line.value(at: TrainingPosition(epoch: 4, step: 99)))
  }

  // MARK: Combinations

  @Test func partsOfASequenceCountFromTheirOwnBeginning() throws {
    let sequence = try SequenceSchedule(
      [
        Schedule(try RampSchedule(.warmup, from: 0, to: 1, steps: 2)), 5,
        Schedule(try RampSchedule(.linear, from: 4, to: 0, steps: 4)),
      ], at: [3, 5])
    #expect(try values(sequence, epochs: 0...10) == [0, 0.5, 1, 5, 5, 4, 3, 2, 1, 0, 0])
  }

  @Test func sequencesNestAndFunctionsSeeTheTrainingItself() throws {
    let inner = try SequenceSchedule([1, Schedule { Double($0.epoch) }], at: [3])
    let outer = try SequenceSchedule([0, Schedule(inner)], at: [11])
    #expect(try values(outer, epochs: 9...14) == [0, 0, 1, 1, 13, 14])
    let scaled = try SequenceSchedule([0, 2 * Schedule(inner)], at: [11])
    #expect(try values(scaled, epochs: 12...13) == [2, 26])
  }

  @Test func aSequenceByStepsSwitchesAtSteps() throws {
    let sequence = Schedule(
      try SequenceSchedule(
        [7, Schedule(try RampSchedule(.linear, from: 0, to: 2, steps: 2, clock: .init(.step)))], at: [101], by: .step))
    let found = try [100, 101, 102, 103, 104].map { try sequence.value(at: TrainingPosition(epoch: 3, step: $0)) }
    #expect(found == [7, 0, 1, 2, 2])
  }

  @Test func arithmetic() throws {
    let line = Schedule(try RampSchedule(.linear, from: 1, to: 4, steps: 3))
    #expect(try values(try line + 1, epochs: 1...4) == [2, 3, 4, 5])
    #expect(try values(try 2 * line * line, epochs: 1...4) == [2, 8, 18, 32])
    #expect(try values(try .min(line, 3), epochs: 1...4) == [1, 2, 3, 3])
    #expect(try values(try .max(2, line), epochs: 1...4) == [2, 2, 3, 4])
    #expect(try values(try CombinedSchedule(.difference, [10, line]), epochs: 1...4) == [9, 8, 7, 6])
    #expect(try values(try CombinedSchedule(.quotient, [12, line]), epochs: 1...4) == [12, 6, 4, 3])
    #expect(try values(try CombinedSchedule(.negated, [line]), epochs: 1...2) == [-1, -2])
    #expect(try values(try CombinedSchedule(.rounded, [line * 0.3]), epochs: 1...4) == [0, 1, 1, 1])
  }

  @Test func aPartThatIsNoNumberIsNotPassedOver() throws {
    let bad = Schedule { _ in .nan }
    for schedule in try [.min(bad, 1), .min(1, bad), .max(bad, 1), .max(1, bad), bad + 1] {
      #expect(try values(schedule, epochs: 1...1)[0].isNaN)
    }
  }

  @Test func shapesShowWhatTheyAre() throws {
    let line = try RampSchedule(.linear, from: 0.5, to: 2, steps: 50, clock: .init(.step, start: 3))
    #expect("\(line)" == "schedules.linear(from = 0.5, to = 2, steps = 50, start = 3, by = step)")
    #expect("\(try Schedule(line) * 2)" == "schedules.product(\(line), 2)")
    let jumps = try DecaySchedule(from: 1, factor: 0.1, .milestones([31, 61]))
    #expect("\(jumps)" == "schedules.step(from = 1, factor = 0.1, at = { 31, 61 })")
    #expect(try (Schedule(line) + Schedule(jumps)).shape?.units == [.step, .epoch])
  }

  @Test func badSettingsAreRefused() {
    func expectRefusal(
      _ part: String, _ make: () throws -> ScheduleShape, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(sourceLocation: sourceLocation) { _ = try make() } throws: { "\($0)".contains(part) }
    }
    expectRefusal("steps is 0; want at least 1") { try RampSchedule(.linear, from: 0, to: 1, steps: 0) }
    expectRefusal("from is nan") { try RampSchedule(.cosine, from: .nan, to: 1, steps: 1) }
    expectRefusal("factor -1") { try DecaySchedule(from: 1, factor: -1, .every(1)) }
    expectRefusal("at is [4, 4]") { try DecaySchedule(from: 1, factor: 0.5, .milestones([4, 4])) }
    expectRefusal("period is 1; want at least 2") { try CyclicSchedule(from: 0, to: 1, period: 1) }
    expectRefusal("patience is 0") { try PlateauSchedule(from: 1, patience: 0) }
    expectRefusal("2 parts and 2 numbers in at") { try SequenceSchedule([1, 2], at: [3, 4]) }
    expectRefusal("ascending numbers above 1") { try SequenceSchedule([1, 2], at: [1]) }
    expectRefusal("part 2 counts by step, the sequence by epoch; give both the same") {
      try SequenceSchedule(
        [1, 2 * Schedule(try RampSchedule(.linear, from: 0, to: 1, steps: 5, clock: .init(.step)))], at: [3])
    }
  }
}
