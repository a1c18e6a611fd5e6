import Interactions
import TestSupport

@testable import Laboratory
@testable import Ranking

/// A record with something in each of its fields.
func fullRecord(id: String = "kodafemi", name: String = "mf bpr", seed: Int = 3) -> RunRecord {
  var record = RunRecord(id: id, kind: .trainer, started: 1_700_000_000.25 + Double(seed))
  record.name = name
  record.state = .finished
  record.message = "all 2 epochs trained"
  record.tags = ["a b", "ü"]
  record.notes = "a 'note'\nof two lines"
  record.script = .init(path: "/x/y.lua", text: "print(1)\n")
  record.model = "mf"
  record.data = .init(name: "gowalla", checksum: "00ff", split: "given", train: "11")
  record.seed = seed
  record.threads = 2
  record.version = "0.1.0"
  record.commit = "abc"
  record.machine = .current
  record.finished = 1_700_000_100
  record.best = .init(epoch: 2, metric: "ndcg@20", on: "valid", value: 0.25)
  record.checkpoint = "/x/y.checkpoint"
  record.launch = .init(id: "badagafa", folder: "/x", arguments: ["--all", "a \"b\"\n", ""])
  record.key = "{method=bpr}"
  record.kept = [.init("curve", .numbers([0.1, 1 / 3])), .init("row", .text("{}"))]
  record.artifacts = [.init("model", "/x/b.model"), .init("lists", "/x/a.csv")]
  record.settings = [.init("batch", "256"), .init("model's dim", "64"), .init("loss", "bpr(margin = 1)")]
  record.epochs = [.init(epoch: 1, loss: 0.5, seconds: 1.5), .init(epoch: 2, loss: nil, seconds: 2)]
  record.metrics = [
    .init(epoch: 1, on: "valid", name: "auc", value: -.infinity),
    .init(epoch: 2, on: "valid", name: "ndcg@20", value: 0.25),
  ]
  record.results = [
    .init(on: "test", name: "recall@20", value: 0.5), .init(on: "test", name: "ndcg@20", value: 0.1 * Double(seed)),
    .init(on: "valid", name: "ndcg@20", value: 0.25),
  ]
  record.perUser = [
    .init(on: "test", name: "ndcg@20", users: ["u1", "", "ü\n", "4"], values: [0.1, 1 / 3, -0.0, 1e-300]),
    .init(on: "test", name: "recall@20", users: ["u1", "", "ü\n", "4"], values: [0, 1, 0.5, 0.25]),
  ]
  return record
}

/// The message of an error.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch { return "\(error)" }
}
