import Interactions
import LuaHost
import Ranking
import Tensors

/// A sampler that a script wrote as a function, called once a batch on the thread that trains.
public final class LuaSampler: Sampler, LuaObject {
  public static var luaName: String { "LuaSampler" }
  public let name: String
  public var count: Schedule = 1
  public let gives: SamplerChannels
  private let split: Split
  /// Belongs to this sampler's handle.
  var function: LuaOwned?
  private var train: InteractionMatrix?
  private var batch = Answer()
  private var countedBefore = 0

  /// What the function returned for the batch under way.
  private struct Answer {
    /// `[B, N]`
    var items: [Int32] = []
    var count = 0
    var logProposal: [Float]?
    /// `[B]`
    var positiveLogProposal: [Float]?
    /// Train items of the user among those that were drawn, by row. Each row is written by the task that draws it.
    var positives: AlignedBuffer<Int32>?
  }

  /// Of which items it returns ln q.
  enum Proposal: String, CaseIterable {
    case none, negatives, both
  }

  init(name: String, split: Split, proposal: Proposal) {
    self.name = name
    self.split = split
    gives =
      switch proposal {
      case .none: []
      case .negatives: .logProposal
      case .both: .logProposals
      }
  }

  public func negativeCount(at position: TrainingPosition, rowCount: Int) throws -> Double {
    try count.value(at: position)
  }

  public func prepare(_ train: InteractionMatrix) throws {
    guard train.userCount == split.userCount, train.itemCount == split.itemCount else {
      throw LuaArgumentError(
        "sampler '\(name)' was made for \(split.userCount) users and \(split.itemCount) items, and the training has \(train.userCount) and "
          + "\(train.itemCount); make it with the same `data`")
    }
    self.train = train
  }

  public func refresh(_ context: SamplingContext) throws {
    countedBefore = positivesDrawn
    batch = Answer()
    let given = SamplingBatch(context, split)
    defer { given.close() }
    do {
      guard let function = try function?.function() else {
        preconditionFailure("a Lua sampler is made with its function")
      }
      batch = try answer(function.call([given], for: CallPurpose.schedule(context.position)), context)
    } catch let error as LuaError where error.kind == .runtime {
      throw error.adding(place(context))
    }
  }

  private func place(_ context: SamplingContext) -> String {
    " (in sampler '\(name)', epoch \(context.place.epoch), batch \(context.place.number))"
  }

  private func problem(_ text: String, _ context: SamplingContext) -> LuaArgumentError {
    LuaArgumentError("sampler '\(name)': \(text)\(place(context))")
  }

  // MARK: What the function returned

  private func answer(_ results: [LuaValue], _ context: SamplingContext) throws -> Answer {
    let (rows, count) = (context.rowCount, context.count)
    var answer = Answer()
    answer.count = count
    let items = try tensor(results, 0, "the items", context)
    guard items.shape == [rows, count] else {
      throw problem(
        "the items have shape \(items.shape); want [\(rows), \(count)], \(count) negatives for each of \(rows) positives",
        context)
    }
    answer.items = try SamplersModule.itemNumbers(items, itemCount: split.itemCount) { problem($0, context) }
    answer.positives = try AlignedBuffer(count: rows, repeating: 0, for: "the positives of a batch")
    let wanted = gives.hasPositiveLogProposal ? 3 : gives.hasLogProposal ? 2 : 1
    if results.dropFirst(wanted).contains(where: { !$0.isNil }) {
      throw problem(
        "it returned \(results.count) values; want \(wanted). log_proposal = \"negatives\" or \"both\" says that ln q follows the items",
        context)
    }
    if gives.hasLogProposal { answer.logProposal = try numbers(results, 1, "ln q", [rows, count], context) }
    if gives.hasPositiveLogProposal {
      answer.positiveLogProposal = try numbers(results, 2, "ln q of the positives", [rows], context)
    }
    return answer
  }

  private func tensor(_ results: [LuaValue], _ place: Int, _ what: String, _ context: SamplingContext) throws -> Tensor
  {
    let value = place < results.count ? results[place] : .nil
    if let source = value.asObject((any TensorSource).self), let state = try? function?.function().state() {
      return try source.tensor(in: state)
    }
    guard value.asTable != nil else {
      throw problem(
        "it returned \(value.isNil ? "nothing" : "a \(value.typeName)") for \(what); want a tensor or a table", context)
    }
    do {
      return try TensorTables.tensor(from: value, name: what)
    } catch let error as LuaArgumentError { throw problem("\(error)", context) }
  }

  private func numbers(
    _ results: [LuaValue], _ place: Int, _ what: String, _ shape: [Int], _ context: SamplingContext
  ) throws -> [Float] {
    let tensor = try tensor(results, place, what, context)
    guard tensor.shape == shape else { throw problem("\(what) has shape \(tensor.shape); want \(shape)", context) }
    let numbers = try tensor.elements()
    if let bad = numbers.first(where: { !$0.isFinite }) {
      throw problem("\(what) holds \(bad.isNaN ? "nan" : "\(bad)"); want finite numbers", context)
    }
    return numbers
  }

  // MARK: Drawing

  public func draw(_ draw: NegativeDraw, rows: Range<Int>) {
    for row in rows {
      let negatives = draw.negatives(row)
      let first = row * batch.count
      for slot in 0..<draw.count {
        negatives[slot] = batch.items[first + slot]
        if train!.contains(user: draw.user(row), item: negatives[slot]) { batch.positives![row] += 1 }
        draw.logProposal?[row * (draw.width - 1) + slot] = batch.logProposal![first + slot]
      }
      draw.positiveLogProposal?[row] = batch.positiveLogProposal![row]
    }
  }

  /// Items of the user's train part among all that were drawn so far.
  var positivesDrawn: Int {
    countedBefore + (batch.positives.map { counts in (0..<counts.count).reduce(0) { $0 + Int(counts[$1]) } } ?? 0)
  }

  static var type: TypeDescription {
    TypeDescription(
      LuaSampler.self, "A sampler written in Lua.",
      fields: [
        SamplersModule.countField(\LuaSampler.count),
        FieldDescription("name", .string, "What messages call it.", get: { (s: LuaSampler) in s.name }),
        FieldDescription(
          "positives_drawn", .integer, "Items of the user's train part among all that it returned so far.",
          get: { (s: LuaSampler) in s.positivesDrawn }),
      ], describe: { "samplers.custom(\($0.name), count = \($0.count))" })
  }
}
