import Tensors
import Testing

@testable import Ranking

@Suite struct ProgressTests {
  private func output(isTerminal: Bool, epochs: Int) throws -> String {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    var text = ""
    run.progress = ProgressReporter(isTerminal: isTerminal) { text += $0 }
    run.evaluateEvery = 2
    run.evaluate = { [("recall@20", 0.12345)] }
    _ = try run.run()
    return text
  }

  @Test func elsewhereThanOnATerminalEveryEpochIsAPlainLine() throws {
    let lines = try output(isTerminal: false, epochs: 3).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 4 && lines[3].isEmpty)
    let plain =
      /epoch (\d) \((\d)\/3\): loss 0\.\d{5}, \d+\.\d\d s, [\d,]+ positives\/s(, valid recall@20 0\.123[45])?(, \d+ s left)?/
    for (index, line) in lines.prefix(3).enumerated() {
      let match = try #require(try plain.wholeMatch(in: line), "\(line)")
      #expect(match.1 == "\(index + 1)" && match.2 == "\(index + 1)")
      #expect((match.3 != nil) == (index > 0), "evaluated every second epoch and after the last")
      #expect((match.4 != nil) == (index < 2))
    }
  }

  @Test func aTerminalsLineIsRewrittenAndClosed() throws {
    let text = try output(isTerminal: true, epochs: 2)
    #expect(text.contains("\r\u{1B}[Kevaluating on valid ..."))
    #expect(text.hasSuffix("\n"))
    #expect(text.split(separator: "\n").count == 2)
  }

  @Test func numbersReadWell() {
    #expect(
      grouped(0) == "0" && grouped(999) == "999" && grouped(1000) == "1,000" && grouped(-1_234_567) == "-1,234,567")
    #expect(decimal(0.123456, 4) == "0.1235" && decimal(2, 1) == "2.0" && decimal(.nan, 2) == "nan")
  }
}
