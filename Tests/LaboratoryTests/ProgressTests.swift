import Platform
import Tensors
import Testing

@testable import Laboratory
@testable import Ranking

@Suite struct ProgressTests {
  private func output(
    isTerminal: Bool, epochs: Int, style: ProgressReporter.Style = .line, columns: Int = 200,
    patience: Int? = nil, pretraining: Int? = nil
  ) throws -> String {
    let trainer = try Trainer(
      model: randomModel(users: 20, items: 30, dim: 4, score: .dot),
      train: randomInteractions(users: 20, items: 30, pairs: 200, seed: 1), loss: BPRLoss(),
      sampler: UniformSampler(count: pretraining == nil ? 2 : 1),
      optimizer: Optimizer(.adam(.init()), rate: 0.01), batchSize: 50, seed: 1)
    if let pretraining {
      try trainer.learnImportance(TripletImportance(TripletNetwork(width: 4, seed: 2), pretraining: pretraining))
    }
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
    #expect(text.contains("evaluating on valid ..."))
    #expect(text.hasSuffix("\n"))
    #expect(text.split(separator: "\n").count == 1)
    let shown = text.split(separator: "\r").map { $0.replacing("\u{1B}[K", with: "") }
    #expect(shown.contains { $0.contains("] epoch 3/4  loss 0.") }, "each epoch was there")
    let last = /\[={20}\] epoch 4\/4  loss 0\.\d{5}  valid recall@20 0\.1235  [\d,]+\/s\n/
    #expect(try last.wholeMatch(in: shown.last!) != nil, "\(shown.last!)")
  }

  @Test func theLineSaysWhatWasBestAndWhatPatienceIsLeft() throws {
    let text = try output(isTerminal: true, epochs: 9, patience: 3)
    #expect(text.contains("valid recall@20 0.1235  best 0.1235 in 2  patience 3/3"))
    #expect(text.contains("] epoch 6/9  loss 0."))
    #expect(text.contains("best 0.1235 in 2  patience 1/3"))
  }

  @Test(arguments: [5, 12, 20, 33, 40, 60, 79, 100, 200]) func aRewrittenLineFitsTheTerminal(_ columns: Int) throws {
    let shown = try output(isTerminal: true, epochs: 3, columns: columns, patience: 9).split(separator: "\r")
      .map { $0.replacing("\u{1B}[K", with: "") }.filter { !$0.contains("\n") }
    #expect(!shown.isEmpty && shown.allSatisfy { $0.count < columns })
    #expect(shown.allSatisfy { $0.hasPrefix("epo") || $0.hasPrefix("[") })
  }

  /// From the first epoch on that had some.
  @Test func learnedWeightsStandBesideTheLoss() throws {
    let shown = try output(isTerminal: true, epochs: 3, pretraining: 1).split(separator: "\r")
    let plain = shown.filter { $0.contains("] epoch 1/3  ") }
    #expect(!plain.isEmpty && plain.allSatisfy { !$0.contains("weights") })
    let whole = /.*\] epoch 3\/3  loss 0\.\d{5}  weights 0\.\d{3} \+- 0\.\d{3}  valid recall@20 0\.1235  .*\/s\n/
    #expect(try whole.wholeMatch(in: shown.last!) != nil, "\(shown.last!)")
    let lines = try output(isTerminal: false, epochs: 3, pretraining: 1).split(separator: "\n")
    #expect(!lines[0].contains("weights"))
    #expect(lines[1].contains(/positives\/s, weights 0\.\d{3} \+- 0\.\d{3}, valid/))
  }

  @Test func piecesGoWholeAndTheLightestFirst() {
    var line = ProgressLine()
    line.share = 0.31
    line.epoch = "7/25"
    line.doing = "batch 31/40"
    line.loss = 0.412131
    line.metrics = [("recall@20", 0.12346), ("ndcg@20", 0.2)]
    line.best = (5, 0.13011)
    line.patience = (2, 5)
    line.secondsLeft = 130
    line.positivesPerSecond = 12_345
    line.weights = (0.51249, 12.3)
    #expect(line.text(columns: 200).contains("  loss 0.41213  weights 0.512 +- 12.300  valid recall@20 0.1235  "))
    line.weights = nil
    let whole = line.text(columns: 200)
    #expect(
      whole
        == "[======>             ] epoch 7/25  batch 31/40  loss 0.41213  valid recall@20 0.1235  ndcg@20 0.2000  best 0.1301 in 5  patience 3/5  2:10 left  12,345/s"
    )
    #expect(
      line.text(columns: 110)
        == "[====>        ] epoch 7/25  loss 0.41213  valid recall@20 0.1235  best 0.1301 in 5  patience 3/5  2:10 left"
    )
    #expect(line.text(columns: 50) == "[==>     ] epoch 7/25  valid recall@20 0.1235")
    #expect(line.text(columns: 10) == "epoch 7/25" && line.text(columns: 4) == "epoc" && line.text(columns: 0) == "")
    var previous = whole.count
    for columns in stride(from: 200, through: 0, by: -1) {
      let count = line.text(columns: columns).count
      #expect(count <= columns && count <= max(previous, columns))
      previous = count
    }
    line.secondsLeft = 12_005
    #expect(line.text(columns: 200).contains("  3:20:05 left"))
    line.secondsLeft = 4.6
    #expect(line.text(columns: 200).contains("  0:05 left"))
    line.share = 1
    #expect(line.text(columns: 200).hasPrefix("[====================] epoch"))
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
    #expect(try output(isTerminal: true, epochs: 9, patience: 2).hasSuffix("/s\n" + line))
  }

  @Test func numbersReadWell() {
    #expect(
      grouped(0) == "0" && grouped(999) == "999" && grouped(1000) == "1,000" && grouped(-1_234_567) == "-1,234,567")
    #expect(decimal(0.123456, 4) == "0.1235" && decimal(2, 1) == "2.0" && decimal(.nan, 2) == "nan")
  }
}
