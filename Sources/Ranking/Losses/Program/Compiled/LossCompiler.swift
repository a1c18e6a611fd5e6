import Kernels

/// From a record to a program: derivatives, what to compute when, which registers hold it.
struct LossCompiler {
  typealias ID = LossGraph.ID

  var graph = LossGraph()
  var program = LossProgram()
  var outputs: [Output] = []
  /// The pass before which a node cannot be known: it depends on results over the batch of the passes before.
  var earliest: [Int] = []
  /// The pass in which a row or plane is computed; `nil` for what nobody needs.
  var passOf: [Int?] = []
  /// Numbers of the batch that are wanted after the last pass.
  var lateValue: ID?
  var sharedGradients: [(slot: Int, column: Int, derivative: ID)] = []
  /// Where rows and planes are between passes.
  var buffers: [ID: Int] = [:]
  var arrayPlaces: [LossProgram.ArrayPlace: Int] = [:]
  var scalarPlaces: [ID: Int] = [:]

  /// What must be computed.
  enum Output {
    /// The rows' values: a row times a number of the batch.
    case value(row: ID, factor: ID)
    /// A row or plane to an array.
    case store(LossProgram.ArrayPlace, ValueKind, ID)
  }

  static func compile(_ trace: LossTrace, result: TracedValue) throws -> LossProgram {
    var compiler = LossCompiler()
    try compiler.build(trace, result)
    compiler.schedule()
    return compiler.program
  }

  // MARK: What to compute

  private mutating func build(_ trace: LossTrace, _ result: TracedValue) throws {
    let ids = graph.add(trace.entries)
    var loss = ids[result.entry]
    guard result.kind != .plane else { throw LossProgramError.returnedPlane }
    if result.kind == .row {
      loss = graph.multiply(graph.unary(.reciprocal, graph.leaf(.rowCount, .scalar)), graph.batchSum(loss))
    }
    if trace.weighsParts { loss = try graph.weigh(loss, by: graph.leaf(.channel, .row, Channel.weight.number)) }
    let derivatives = graph.derivatives(of: loss)
    try check(derivatives)
    addValue(loss)
    addScoreGradients(derivatives, trace)
    addParameterGradients(derivatives)
  }

  private func check(_ derivatives: [ID: ID]) throws {
    guard !derivatives.keys.contains(where: { graph[$0].operation != .parameter }) else { return }
    let reads = graph.nodes.indices.contains { graph[$0].operation.isInput && graph.isDifferentiable[$0] }
    throw LossProgramError.noGradient(readsScores: reads)
  }

  private mutating func addScoreGradients(_ derivatives: [ID: ID], _ trace: LossTrace) {
    addGradient(derivatives[graph.leaf(.positive, .row)], .positive, .row)
    addGradient(derivatives[graph.leaf(.negative, .plane)], .negative, .plane)
    for channel in Channel.inputs where channel.isDifferentiable && trace.needs.contains(channel) {
      let leaf = graph.leaf(.channel, channel.kind, channel.number)
      addGradient(derivatives[leaf], .channel(channel), channel.kind)
    }
  }

  private mutating func addGradient(_ derivative: ID?, _ input: LossProgram.Input, _ kind: ValueKind) {
    let derivative = derivative ?? graph.constant(0)
    outputs.append(.store(.gradients(input), kind, spread(derivative, to: kind)))
  }

  private mutating func spread(_ id: ID, to kind: ValueKind) -> ID {
    graph.kind(id) == kind ? id : graph.node(LossGraph.Node(operation: .spread, kind: kind, a: id))
  }

  private mutating func addParameterGradients(_ derivatives: [ID: ID]) {
    for (leaf, derivative) in derivatives.sorted(by: { $0.key < $1.key }) where graph[leaf].operation == .parameter {
      let node = graph[leaf]
      guard node.b > 0 else {
        sharedGradients.append((node.a, node.c, derivative))
        continue
      }
      let index = LossIndex(rawValue: UInt8(node.b - 1))!
      let buffer = makeBuffer(node.kind)
      outputs.append(.store(.buffer(buffer), node.kind, spread(derivative, to: node.kind)))
      program.parameterGradients.append(.rows(slot: node.a, index, buffer: buffer))
    }
  }

  mutating func makeBuffer(_ kind: ValueKind) -> Int {
    program.buffers.append(kind)
    return program.buffers.count - 1
  }

  // MARK: The value, cut into the rows' parts

  /// Splits sums over the batch with known factors into what each row adds; the rest is one number.
  private mutating func addValue(_ loss: ID) {
    var rest: ID?
    func isKnownBefore(_ id: ID) -> Bool { !graph.dependsOnBatch[id] }
    // A sum of sums may name the same part over and over.
    var visits = 0
    func keep(_ id: ID, _ factor: ID) {
      let part = graph.multiply(factor, id)
      rest = rest.map { graph.add($0, part) } ?? part
    }
    func split(_ id: ID, _ factor: ID) {
      let node = graph[id]
      visits += 1
      switch node.operation {
      case _ where visits > 1000: keep(id, factor)
      case .batchSum: outputs.append(.value(row: node.a, factor: factor))
      case .add:
        split(node.a, factor)
        split(node.b, factor)
      case .subtract:
        split(node.a, factor)
        split(node.b, graph.negate(factor))
      case .negate: split(node.a, graph.negate(factor))
      case .multiply where isKnownBefore(node.a): split(node.b, graph.multiply(factor, node.a))
      case .multiply where isKnownBefore(node.b): split(node.a, graph.multiply(factor, node.b))
      case .divide where isKnownBefore(node.b): split(node.a, graph.divide(factor, node.b))
      default: keep(id, factor)
      }
    }
    split(loss, graph.constant(1))
    lateValue = rest
  }
}
