import Interactions
import LuaHost
import Ranking
import Tensors

/// What a term written in Lua receives beside its parameters: the batch.
public final class TermContext: LuaObject {
  public static var luaName: String { "TermContext" }
  public static var keepsIdentity: Bool { false }
  private var batch: TermBatch?
  private let split: Split?
  private let reader: ParameterReader
  private let term: String

  init(_ batch: TermBatch, _ split: Split?, _ reader: ParameterReader, term: String) {
    (self.batch, self.split, self.reader, self.term) = (batch, split, reader, term)
  }

  /// The batch goes on without the term.
  func close() { batch = nil }

  private func open() throws -> TermBatch {
    guard let batch else {
      throw LuaArgumentError("this batch is over; a term is called again for every batch")
    }
    return batch
  }

  private func rows(_ owner: Parameter.Owner, _ list: (TermBatch) -> [Int32]) throws -> BatchRows {
    let batch = try open()
    guard let split else {
      throw LuaArgumentError("term '\(term)' was made without data; give perigee.terms.custom { data = split }")
    }
    return BatchRows(owner, list(batch), split: split, reader: reader)
  }

  static var type: TypeDescription {
    TypeDescription(
      TermContext.self, "A batch of B positives, given to a term written in Lua.",
      fields: [
        rows("users", "The user of each positive, B of them.", .user, \.users),
        rows("positives", "The positives, B of them.", .item, \.positives),
        rows("negatives", "The negatives, N of the first positive, then those of the next.", .item, \.negatives),
        rows("distinct_users", "The batch's users, each once.", .user, \.distinctUsers),
        rows("distinct_items", "The batch's items, positives and negatives, each once.", .item, \.distinctItems),
        number("epoch", "The epoch, from 1.", \.position.epoch),
        number("step", "The batch, from 1, over all epochs.", \.position.step),
        number("number", "The batch in its epoch, from 1.", \.place.number),
      ], describe: { $0.batch.map { "TermContext(\($0.rowCount) positives)" } ?? "TermContext(over)" })
  }

  private static func rows(
    _ name: String, _ summary: String, _ owner: Parameter.Owner, _ list: @escaping (TermBatch) -> [Int32]
  ) -> FieldDescription {
    FieldDescription(
      name, .object(BatchRows.self), summary, get: { (context: TermContext) in try context.rows(owner, list) })
  }

  private static func number(_ name: String, _ summary: String, _ path: @escaping (TermBatch) -> Int)
    -> FieldDescription
  {
    FieldDescription(name, .integer, summary, get: { (context: TermContext) in path(try context.open()) })
  }
}
