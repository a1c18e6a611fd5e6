import Interactions
import LuaHost
import Ranking
import Tensors

/// What a sampler written in Lua receives: the batch whose negatives it is to choose.
public final class SamplingBatch: LuaObject {
  public static var luaName: String { "SamplingBatch" }
  public static var keepsIdentity: Bool { false }
  private var context: SamplingContext?
  private let split: Split
  private let reader = ParameterReader.evaluation()
  private lazy var stream = context.map { BatchStream($0.stream.substream(2).substream($0.firstPlace)) }

  init(_ context: SamplingContext, _ split: Split) {
    self.context = context
    self.split = split
  }

  /// The batch is drawn.
  func close() { context = nil }

  private func open() throws -> SamplingContext {
    guard let context else {
      throw LuaArgumentError("this batch is over; a sampler is called again for every batch")
    }
    return context
  }

  private func scores(_ items: Tensor, _ error: (String) -> any Error) throws -> Tensor {
    let context = try open()
    guard items.rank == 2, items.shape[0] == context.rowCount else {
      throw error("got shape \(items.shape); want [\(context.rowCount), C], C items for each positive")
    }
    let numbers = try SamplersModule.itemNumbers(items, itemCount: split.itemCount, error)
    return try Tensor(context.scores(of: numbers, columns: items.shape[1]), shape: items.shape)
  }

  static var type: TypeDescription {
    TypeDescription(
      SamplingBatch.self, "A batch of B positives, given to a sampler written in Lua.",
      methods: [
        FunctionDescription(
          "scores", "The model's score of each row's user for items of its own, as it stands before the batch.",
          details: "Without dropout, and with what rows without a gradient have moved.",
          example: "local scores = s:scores(candidates)   -- [B, C]",
          parameters: [.init("items", .anyTensor, "`[B, C]`, positions of items from 1.")],
          returns: [.init("scores", .tensor, "`[B, C]`.")]
        ) { call in
          let batch = call.receiver(SamplingBatch.self)
          return [try batch.scores(call.tensor("items")) { call.error("items", $0) }]
        }
      ],
      fields: [
        rows("users", "The user of each positive, B of them.", .user, \.users),
        rows("positives", "The positives, B of them.", .item, \.positives),
        FieldDescription(
          "count", .integer, "Negatives that are wanted for each positive, N.",
          get: { (b: SamplingBatch) in try b.open().count }),
        FieldDescription(
          "epoch", .integer, "The epoch, from 1.", get: { (b: SamplingBatch) in try b.open().position.epoch }),
        FieldDescription(
          "step", .integer, "The batch, from 1, over all epochs.",
          get: { (b: SamplingBatch) in try b.open().position.step }),
        FieldDescription(
          "number", .integer, "The batch in its epoch, from 1.",
          get: { (b: SamplingBatch) in try b.open().place.number }),
        FieldDescription(
          "stream", .object(BatchStream.self), "Random numbers of this batch.",
          get: { (b: SamplingBatch) in
            _ = try b.open()
            return b.stream
          }),
      ], describe: { $0.context.map { "SamplingBatch(\($0.rowCount) positives)" } ?? "SamplingBatch(over)" })
  }

  private static func rows(
    _ name: String, _ summary: String, _ owner: Parameter.Owner, _ list: @escaping (SamplingContext) -> [Int32]
  ) -> FieldDescription {
    FieldDescription(
      name, .object(BatchRows.self), summary,
      get: { (b: SamplingBatch) in BatchRows(owner, list(try b.open()), split: b.split, reader: b.reader) })
  }
}
