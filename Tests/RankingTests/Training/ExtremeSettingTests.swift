import Interactions
import Platform
import Tensors
import Testing

@testable import Ranking

/// Sizes and times at the ends of the integers are errors or results, not the end of the process.
@Suite struct ExtremeSettingTests {
  @Test func aBatchMayBeLargerThanTheData() throws {
    let train = randomInteractions(users: 40, items: 60, pairs: 500, seed: 1)
    let trainer = try Trainer(
      model: randomModel(users: 40, items: 60, dim: 6, score: .cosine), train: train, loss: BPRLoss(),
      sampler: UniformSampler(count: 3), optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: .max, seed: 9)
    #expect(trainer.batchesPerEpoch == 1)
    let report = try trainer.trainBatch()
    #expect(report.size == train.count && report.endsEpoch)
  }

  @Test func tablesThatNoMachineHoldsAreRefused() throws {
    for (rows, columns) in [(Int.max, 1), (1, .max), (.max, .max), (1 << 31, 1), (0, 1), (1, 0), (-1, 5)] {
      #expect(throws: TrainingError.self) {
        try Parameter(name: "p", owner: .shared, rowCount: rows, columnCount: columns) { _, _ in 0 }
      }
    }
    let error = #expect(throws: MemoryError.self) {
      try EmbeddingTable(rowCount: 2_000_000_000, dim: 2_000_000_000, score: .dot, keepsScale: false)
    }
    #expect(error?.purpose == "a table of 2000000000 rows of 2000000000 numbers")
  }

  @Test func batchesThatNoMachineHoldsAreRefused() {
    for (rows, width) in [(1 << 40, 1 << 20), (1 << 62, 1 << 62), (1 << 31, 1 << 31)] {
      #expect(throws: MemoryError.self) {
        try BatchMemory(.init(rowCapacity: rows, width: width, stride: 16, blockCount: 100, hasItemScores: true))
      }
    }
  }

  @Test func aMeasurementOfTooMuchIsRefusedAndOneThatRunsCanBeStopped() throws {
    struct Stop: Error {}
    #expect(throws: MemoryError.self) { try LossTiming(of: BPRLoss(), rows: 1 << 30, negatives: 1 << 30) }
    var calls = 0
    #expect(throws: Stop.self) {
      try LossTiming(of: BPRLoss(), rows: 4, negatives: 2, repeats: 1_000_000) {
        calls += 1
        if calls == 10 { throw Stop() }
      }
    }
    #expect(calls == 10)
  }

  /// Everything that counts epochs or steps, against the same in arithmetic that cannot overflow.
  @Test func schedulesHaveValuesAtTheEndsOfTheIntegers() throws {
    let ends = [Int.min, .min + 1, -1, 0, 1, 2, 5, .max - 1, .max]
    for unit in ScheduleUnit.allCases {
      for start in [1, 5, Int.max] {
        let clock = ScheduleClock(unit, start: start)
        for length in [2, 7, Int.max] {
          let shapes: [(ScheduleShape, (Int128) -> Double)] = [
            (
              try RampSchedule(.linear, from: 0, to: 1, steps: length, clock: clock),
              { Double(max(0, min(Int128(length), $0))) / Double(length) }
            ),
            (
              try RampSchedule(.warmup, from: 0, to: 1, steps: length, clock: clock),
              { Double(max(0, min(Int128(length), $0 + 1))) / Double(length) }
            ),
            (try DecaySchedule(from: 1, factor: 0, .every(length), clock: clock), { $0 >= length ? 0 : 1 }),
          ]
          for (shape, plain) in shapes {
            for time in ends {
              let found = try shape.value(at: TrainingPosition(epoch: time, step: time))
              #expect(abs(found - plain(Int128(time) - Int128(start))) < 1e-6, "\(shape) at \(time)")
            }
          }
          let others: [ScheduleShape] = [
            try CyclicSchedule(.wave, from: 1, to: 2, period: length, clock: clock),
            try DecaySchedule(from: 1, factor: 0.5, .smooth(every: length), clock: clock),
            try SequenceSchedule([Schedule(shapes[0].0), Schedule(shapes[1].0)], at: [length], by: unit),
          ]
          for shape in others {
            for time in ends { #expect(try shape.value(at: TrainingPosition(epoch: time, step: time)).isFinite) }
          }
        }
      }
    }
  }

  @Test func composingSchedulesHasAnEnd() throws {
    let line = Schedule(try RampSchedule(.linear, from: 0, to: 1, steps: 5))
    var deep = line
    for _ in 1..<ScheduleExtent.deepest { deep = try deep + 1 }
    #expect(try deep.value(at: TrainingPosition(epoch: 1, step: 1)) == 199)
    #expect(deep.description.hasPrefix("schedules.sum(schedules.sum("))
    let error = #expect(throws: TrainingError.self) { try deep + 1 }
    #expect(
      error?.description.contains("201 inside one another; want at most 10000, and 200 inside one another") == true)
    // Each doubling doubles what reading walks through.
    var wide = line
    #expect(throws: TrainingError.self) {
      for _ in 0..<60 { wide = try wide + wide }
    }
    #expect(throws: TrainingError.self) { try SequenceSchedule([1, deep], at: [3]) }
  }

  /// As deep as no stack is: the compiler walks through a loss with lists of its own.
  @Test func aLossMayBeAVeryLongChain() throws {
    let length = 30_000
    let loss = TracedLoss(name: "chain") { s in
      var rows = s.positive
      var total = s.number(0)
      for _ in 0..<length {
        rows = try rows.apply(.negate)
        total = try total.apply(.minimum, s.positive.mean())
        rows = try rows.apply(.add, total)
      }
      return try rows.mean(.batch)
    }
    let scores = LossEvaluation.Scores(positive: [0, 0], negative: [1, 2])
    #expect(try LossEvaluation(of: loss, on: scores).value == 0)
  }
}
