import LuaHost
import Ranking

/// What a loss receives: the values of one batch, by name.
public final class LossScores: LuaObject {
  public static var luaName: String { "LossScores" }
  public static var keepsIdentity: Bool { false }
  let trace: LossTrace

  init(_ trace: LossTrace) { self.trace = trace }

  private func open() throws -> LossTrace { try trace.open("these scores belong") }

  static var type: TypeDescription {
    TypeDescription(
      LossScores.self, "The scores of a batch, given to a loss. B positives, each with N negatives.",
      fields: [
        value("positive", "Score of each positive: one number a positive.") { $0.positive },
        value("negative", "Score of each negative: N numbers a positive.") { $0.negative },
      ]
        + Channel.inputs.map { channel in value(channel.name, channel.help) { try $0.channel(channel) } } + [
          FieldDescription(
            "users", .object(LossRows.self), "The users of the batch, to read a parameter of users.",
            get: { (s: LossScores) in LossRows(.users, s.trace) }),
          FieldDescription(
            "positive_items", .object(LossRows.self), "The positive items, to read a parameter of items.",
            get: { (s: LossScores) in LossRows(.positiveItems, s.trace) }),
          FieldDescription(
            "negative_items", .object(LossRows.self), "The negative items, to read a parameter of items.",
            get: { (s: LossScores) in LossRows(.negativeItems, s.trace) }),
          number("epoch", "The epoch, from 1.") { $0.position.epoch },
          number("step", "The batch, from 1, over all epochs.") { $0.position.step },
          number("batch_size", "Positives in this batch, B; an epoch's last batch may have fewer.") { $0.rowCount },
          number("negative_count", "Negatives of each positive, N.") { $0.negativeCount },
        ],
      describe: { "LossScores(\($0.trace.batch.rowCount) positives, \($0.trace.batch.negativeCount) negatives each)" })
  }

  private static func value(
    _ name: String, _ summary: String, _ get: @escaping (LossTrace) throws -> TracedValue?
  ) -> FieldDescription {
    FieldDescription(name, .object(TracedValue.self), summary, get: { (s: LossScores) in try get(s.open()) })
  }

  private static func number(_ name: String, _ summary: String, _ get: @escaping (LossBatch) -> Int) -> FieldDescription
  {
    FieldDescription(name, .integer, summary, get: { (s: LossScores) in get(s.trace.batch) })
  }
}

/// Which rows of a parameter a batch reads: `margin[s.users]`.
public final class LossRows: LuaObject {
  public static var luaName: String { "LossRows" }
  public static var keepsIdentity: Bool { false }
  let index: LossIndex
  private let trace: LossTrace

  init(_ index: LossIndex, _ trace: LossTrace) {
    self.index = index
    self.trace = trace
  }

  /// The record of the batch whose rows these are.
  func open() throws -> LossTrace { try trace.open("these rows belong") }

  static var type: TypeDescription {
    TypeDescription(
      LossRows.self, "The users or items of a batch, in brackets behind a parameter: `margin[s.users]`.",
      describe: { "LossRows(\($0.index.scriptName))" })
  }
}

extension LossTrace {
  /// The record, while its batch is under way.
  fileprivate func open(_ what: String) throws -> LossTrace {
    guard isOpen else {
      throw LuaArgumentError("\(what) to a batch that is over; a loss is called again for every batch")
    }
    return self
  }
}
