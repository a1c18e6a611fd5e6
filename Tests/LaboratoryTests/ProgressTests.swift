import Platform
import Tensors
import Testing

@testable import Laboratory
@testable import Ranking

@Suite struct ProgressTests {
  private func output(
    isTerminal: Bool, epochs: Int, style: ProgressReporter.Style = .line, columns: Int = 200,
    patience: Int? = nil
  ) throws -> String {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: 2),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    let run = TrainingRun(trainer: trainer, epochs: epochs)
    var text = ""
    run.progress = ProgressReporter(style: style, isTerminal: isTerminal, columns: columns) { text += $0 }
    run.stopping = patience.map { EarlyStopping(metric: "recall@20", patience: $0) }
    run.evaluateEvery = 2
    run.evaluate = { [("recall@20", 0.12346)] }
    _ = try run.run()
    return text
  }

  @Test func elsewhereThanOnATerminalEveryEpochIsAPlainLine() throws {
    let lines = try output(isTerminal: false, epochs: 3).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 4 && lines[3].isEmpty)
    let plain =
      /epoch (\d) \((\d)\/3\): loss 0\.\d{5}, \d+\.\d\d s, [\d,]+ positives\/s(, valid recall@20 0\.1235)?(, \d+ s left)?/
    for (index, line) in lines.prefix(3).enumerated() {
      let match = try #require(try plain.wholeMatch(in: line), "\(line)")
      #expect(match.1 == "\(index + 1)" && match.2 == "\(index + 1)")
      #expect((match.3 != nil) == (index > 0), "evaluated every second epoch and after the last")
      #expect((match.4 != nil) == (index < 2))
    }
  }

  @Test func aTerminalsLineIsRewrittenForTheWholeRunAndClosed() throws {
    let text = try output(isTerminal: true, epochs: 4)
    #expect(text.contains("\r\u{1B}[Kevaluating on valid ..."))
    #expect(text.hasSuffix("\n"))
    #expect(text.split(separator: "\n").count == 1)
    #expect(text.contains("epoch 3 (3/4): loss"), "each epoch was there")
    #expect(text.split(separator: "\r").last!.contains("valid recall@20 0.123"))
  }

  @Test func aRewrittenLineFitsTheTerminal() throws {
    let shown = try output(isTerminal: true, epochs: 3, columns: 40).split(separator: "\r").map {
      $0.replacing("\u{1B}[K", with: "").replacing("\n", with: "")
    }
    #expect(shown.allSatisfy { $0.count < 40 } && shown.contains { $0.count == 39 })
  }

  @Test func linesStayOnATerminalWhereTheyAreAskedFor() throws {
    let text = try output(isTerminal: true, epochs: 3, style: .lines)
    #expect(text.split(separator: "\n").count == 3)
  }

  @Test func earlyStoppingSaysThatItStoppedWhyAndWhichEpochWasTaken() throws {
    let line =
      "early stopping after epoch 6: recall@20 on valid did not improve in the last 2 evaluations; the model has the "
      + "parameters of the best epoch, 2: recall@20 0.1235 on valid\n"
    #expect(try output(isTerminal: false, epochs: 9, patience: 2).hasSuffix("left\n" + line))
    #expect(try output(isTerminal: true, epochs: 9, patience: 2).hasSuffix("left\n" + line))
  }

  @Test func numbersReadWell() {
    #expect(
      grouped(0) == "0" && grouped(999) == "999" && grouped(1000) == "1,000" && grouped(-1_234_567) == "-1,234,567")
    #expect(decimal(0.123456, 4) == "0.1235" && decimal(2, 1) == "2.0" && decimal(.nan, 2) == "nan")
  }
}
