import Kernels

/// Instructions of a pass, and the numbers of the batch that they read.
extension LossCompiler {
  mutating func emit(_ output: Output, _ writer: inout PassWriter) {
    switch output {
    case .value(let row, let factor):
      let operands = [value(of: row, &writer), value(of: factor, &writer)]
      writer.append(PROGRAM_VALUE, result: nil, operands, space: PROGRAM_ROW)
    case .store(let place, let kind, let id):
      writer.appendStore(of: value(of: id, &writer), to: arrayPlace(place), space: kind.space)
    }
  }

  /// Where a node's numbers are, computing them where this pass has not yet.
  private mutating func value(of id: ID, _ writer: inout PassWriter) -> PassWriter.Value {
    // With a list of its own, not the stack's: a loss may be one chain of as many operations as a record holds.
    var waiting = [id]
    while let next = waiting.popLast() {
      guard writer.values[next] == nil else { continue }
      let node = graph[next]
      if node.kind == .scalar {
        writer.values[next] = .scalar(scalarPlace(next))
      } else if let place = loadedPlace(next, in: writer.pass) {
        writer.values[next] = writer.appendLoad(from: arrayPlace(place), space: node.kind.space)
      } else {
        let missing = node.operands.filter { writer.values[$0] == nil }
        guard missing.isEmpty else {
          waiting += [next] + missing.reversed()
          continue
        }
        writer.values[next] = writer.append(
          node.operation.kernelCode, result: node.kind.space, node.operands.map { writer.values[$0]! },
          space: node.kind.space)
      }
    }
    return writer.values[id]!
  }

  /// The array that holds a row or plane at the beginning of a pass.
  private func loadedPlace(_ id: ID, in pass: Int) -> LossProgram.ArrayPlace? {
    let node = graph[id]
    switch node.operation {
    case .positive: return .scores(.positive)
    case .negative: return .scores(.negative)
    case .channel: return .scores(.channel(Channel.all[node.a]))
    case .tensor: return .tensor(slot: node.a)
    case .parameter: return .parameter(slot: node.a, LossIndex(rawValue: UInt8(node.b - 1))!)
    default: break
    }
    guard node.operation.needsBatch || passOf[id]! < pass else { return nil }
    return .buffer(buffers[id]!)
  }

  private mutating func arrayPlace(_ place: LossProgram.ArrayPlace) -> Int {
    if let known = arrayPlaces[place] { return known }
    program.arrays.append(place)
    arrayPlaces[place] = program.arrays.count - 1
    return program.arrays.count - 1
  }

  /// The place of a number of the batch in the list of scalars; its operands come before it.
  mutating func scalarPlace(_ id: ID) -> Int {
    var waiting = [id]
    while let next = waiting.popLast() {
      guard scalarPlaces[next] == nil else { continue }
      let node = graph[next]
      var operands = (node.a, node.b, node.c)
      if node.operation.needsBatch {
        operands = (buffers[next]!, -1, -1)
      } else if !node.operation.isLeaf {
        let missing = node.operands.filter { scalarPlaces[$0] == nil }
        guard missing.isEmpty else {
          waiting += [next] + missing.reversed()
          continue
        }
        let places = node.operands.map { scalarPlaces[$0]! } + [-1, -1, -1]
        operands = (places[0], places[1], places[2])
      }
      program.scalars.append(
        .init(operation: node.operation, operands: operands, constant: node.constant, pass: earliest[next]))
      scalarPlaces[next] = program.scalars.count - 1
    }
    return scalarPlaces[id]!
  }
}

extension ValueKind {
  var space: Int {
    switch self {
    case .scalar: PROGRAM_SCALAR
    case .row: PROGRAM_ROW
    case .plane: PROGRAM_PLANE
    }
  }
}

extension LossOperation {
  var kernelCode: Int {
    switch self {
    case .negate: PROGRAM_NEGATE
    case .exp: PROGRAM_EXP
    case .log: PROGRAM_LOG
    case .log1p: PROGRAM_LOG1P
    case .squareRoot: PROGRAM_SQRT
    case .square: PROGRAM_SQUARE
    case .reciprocal: PROGRAM_RECIPROCAL
    case .absolute: PROGRAM_ABSOLUTE
    case .sign: PROGRAM_SIGN
    case .tanh: PROGRAM_TANH
    case .sigmoid: PROGRAM_SIGMOID
    case .relu: PROGRAM_RELU
    case .softplus: PROGRAM_SOFTPLUS
    case .stopGradient, .spread: PROGRAM_COPY
    case .add: PROGRAM_ADD
    case .subtract: PROGRAM_SUBTRACT
    case .multiply: PROGRAM_MULTIPLY
    case .divide: PROGRAM_DIVIDE
    case .power: PROGRAM_POWER
    case .minimum: PROGRAM_MINIMUM
    case .maximum: PROGRAM_MAXIMUM
    case .less: PROGRAM_LESS
    case .lessOrEqual: PROGRAM_LESS_OR_EQUAL
    case .equal: PROGRAM_EQUAL
    case .lead: PROGRAM_LEAD
    case .gate: PROGRAM_GATE
    case .select: PROGRAM_SELECT
    case .negativeSum: PROGRAM_NEGATIVE_SUM
    case .negativeMaximum: PROGRAM_NEGATIVE_MAXIMUM
    case .cumulate: PROGRAM_CUMULATE
    case .cumulateBackwards: PROGRAM_CUMULATE_BACKWARDS
    case .negativeRank: PROGRAM_NEGATIVE_RANK
    default: preconditionFailure("\(self) is no instruction")
    }
  }
}
