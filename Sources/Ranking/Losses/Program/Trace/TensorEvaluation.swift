import Tensors

/// Computes a loss with differentiable tensors, one operation after the other over the whole batch: what `LossProgram` fuses, for
/// losses that use operations which programs do not have, and to compare with.
///
/// A row is a tensor `[B, 1]`, a plane `[B, N]`, a number `[]`.
final class TensorEvaluation {
  let plane: ScorePlane
  private(set) var failure: (any Error)?
  /// By entry.
  private var results: [Tensor] = []
  /// What derivatives are wanted of: entries, and their tensors.
  private var leaves: [(entry: LossTrace.Entry, tensor: Tensor, parameter: Parameter?)] = []
  private var userGroups: UserGroups?
  private var parameterGradients: [(Parameter, LossTrace.Entry, [Float])] = []

  init(_ plane: ScorePlane) { self.plane = plane }

  func compute(_ entry: LossTrace.Entry, of trace: LossTrace) {
    // After a failure nothing is read any more: the next operation throws it.
    guard failure == nil else { return }
    do {
      results.append(try value(entry, trace))
    } catch {
      self.failure = error
    }
  }

  func tensor(of value: TracedValue) throws -> Tensor {
    let tensor = results[value.entry]
    return value.kind == .row ? try tensor.reshaped([plane.rowCount]) : tensor
  }

  // MARK: Values

  private func value(_ entry: LossTrace.Entry, _ trace: LossTrace) throws -> Tensor {
    let operation = entry.operation
    if operation.isLeaf { return try leaf(entry, trace) }
    let x = results[entry.a]
    switch operation {
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .less, .lessOrEqual, .equal, .notEqual:
      return try binary(operation, x, results[entry.b])
    case .select: return try Tensor.where(x, results[entry.b], results[entry.c])
    case .sum, .mean, .largest, .smallest, .logSumExp: return try reduce(entry, x)
    case .softmax: return try along(entry, x) { try $0.softmax(axis: $1) }
    case .logSoftmax: return try along(entry, x) { try $0.logSoftmax(axis: $1) }
    case .rank:
      return try along(entry, x) { x, axis in
        try x.detached().argumentsInOrder(axis: axis).argumentsInOrder(axis: axis) + 1
      }
    case .cumulate: return try x.cumulativeSum(axis: 1)
    case .sameUserSum:
      let groups = groups()
      let segments = try Segments(groups.segments, count: groups.count)
      return try Tensor.segmentSum(x, segments).spread(over: segments)
    case .sameUserMaximum: return try sameUserMaximum(x)
    default: return try unary(operation, x)
    }
  }

  /// The largest number of each user's rows; its derivative is shared by those that are equally large.
  private func sameUserMaximum(_ x: Tensor) throws -> Tensor {
    var groups = groups()
    let segments = try Segments(groups.segments, count: groups.count)
    let largest = try Tensor.zeros(x.shape)
    try x.detached().contiguous().withElements { numbers in
      try largest.withMutableElements { groups.maxima(of: numbers.baseAddress!, into: $0.baseAddress!) }
    }
    let isLargest = try x.detached().equal(to: largest)
    let ties = try Tensor.segmentSum(isLargest, segments).spread(over: segments)
    // 0 in value, and the derivative's way.
    let gaps = try Tensor.where(isLargest, (x - largest) / ties, Tensor(0))
    return try largest + Tensor.segmentSum(gaps, segments).spread(over: segments)
  }

  private func leaf(_ entry: LossTrace.Entry, _ trace: LossTrace) throws -> Tensor {
    let rows = plane.rowCount
    switch entry.operation {
    case .number: return try Tensor(Float(trace.numbers[entry.a]))
    case .tensor: return try constant(trace.tensors[entry.a], TensorLayout(rawValue: UInt8(entry.b))!)
    case .positive: return try differentiable(entry) { row, _ in self.plane.positive(row) }
    case .negative: return try differentiable(entry) { row, column in self.plane.negatives(row)[column] }
    case .channel: return try input(Channel.all[entry.a], entry)
    case .sameUserCount:
      var groups = groups()
      let counts = try Tensor.zeros([rows, 1])
      try counts.withMutableElements { groups.counts(into: $0.baseAddress!) }
      return counts
    case .parameter:
      let parameter = trace.parameters[entry.a]
      return try differentiable(entry, parameter) { row, column in
        let place = self.place(entry, row, column)
        guard place >= 0, place < parameter.rowCount else {
          throw TrainingError.setting(
            "the loss reads row \(place + 1) of parameter '\(parameter.name)', which has \(parameter.rowCount); make it for the same data "
              + "as the model")
        }
        return parameter.values[place * parameter.rowStride + entry.c]
      }
    default: preconditionFailure("\(entry.operation) is no value of a batch")
    }
  }

  private func input(_ channel: Channel, _ entry: LossTrace.Entry) throws -> Tensor {
    guard let numbers = plane[channel] else {
      throw LossProgramError(
        "\(channel.name) was not computed for this batch: a loss computed with tensors reads it in its first batch, or never"
      )
    }
    let columns = channel.columns(negativeCount: plane.negativeCount)
    if channel.isDifferentiable { return try differentiable(entry) { numbers[$0 * columns + $1] } }
    return try Tensor((0..<plane.rowCount * columns).map { numbers[$0] }, shape: [plane.rowCount, columns])
  }

  /// A leaf of numbers from the batch, of which derivatives are wanted.
  private func differentiable(
    _ entry: LossTrace.Entry, _ parameter: Parameter? = nil, _ number: (_ row: Int, _ column: Int) throws -> Float
  ) throws -> Tensor {
    let columns = entry.kind == .plane ? plane.negativeCount : 1
    let rows = entry.kind == .scalar ? 1 : plane.rowCount
    var numbers: [Float] = []
    numbers.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { numbers.append(try number(row, column)) }
    }
    let tensor = try Tensor(numbers, shape: entry.kind == .scalar ? [] : [rows, columns]).requireGradient()
    leaves.append((entry, tensor, parameter))
    return tensor
  }

  /// The row of a parameter that a place of the batch reads.
  private func place(_ entry: LossTrace.Entry, _ row: Int, _ column: Int) -> Int {
    guard entry.b > 0 else { return 0 }
    switch LossIndex(rawValue: UInt8(entry.b - 1))! {
    case .users: return Int(plane.users[row])
    case .positiveItems: return Int(plane.items![row * plane.width])
    case .negativeItems: return Int(plane.items![row * plane.width + 1 + column])
    }
  }

  private func constant(_ tensor: Tensor, _ layout: TensorLayout) throws -> Tensor {
    switch layout {
    case .scalar, .plane: tensor
    case .rows: try tensor.reshaped([plane.rowCount, 1])
    case .columns: try tensor.expanded([plane.rowCount, plane.negativeCount])
    }
  }

  private func groups() -> UserGroups {
    if let userGroups { return userGroups }
    var groups = UserGroups()
    groups.find(plane.users, count: plane.rowCount)
    userGroups = groups
    return groups
  }

  // MARK: Operations

  private func reduce(_ entry: LossTrace.Entry, _ x: Tensor) throws -> Tensor {
    let overNegatives = entry.b == Int(LossAxis.negatives.rawValue)
    let axes: [Int]? = overNegatives ? [1] : nil
    switch entry.operation {
    case .sum: return try x.sum(axes: axes, keepingAxes: overNegatives)
    case .mean: return try x.mean(axes: axes, keepingAxes: overNegatives)
    case .largest: return try x.maximum(axes: axes, keepingAxes: overNegatives)
    case .smallest: return try x.minimum(axes: axes, keepingAxes: overNegatives)
    default:
      return overNegatives ? try x.logSumExp(axis: 1, keepingAxes: true) : try x.flattened().logSumExp(axis: 0)
    }
  }

  private func along(_ entry: LossTrace.Entry, _ x: Tensor, _ apply: (Tensor, Int) throws -> Tensor) throws -> Tensor {
    if entry.b == Int(LossAxis.negatives.rawValue) { return try apply(x, 1) }
    return try apply(x.flattened(), 0).reshaped(x.shape)
  }

  private func unary(_ operation: LossOperation, _ x: Tensor) throws -> Tensor {
    switch operation {
    case .negate: try -x
    case .exp: try x.exp()
    case .log: try x.log()
    case .log1p: try x.log1p()
    case .squareRoot: try x.squareRoot()
    case .square: try x.square()
    case .reciprocal: try x.reciprocal()
    case .absolute: try x.absolute()
    case .sign: try x.sign()
    case .tanh: try x.tanh()
    case .sigmoid: try x.sigmoid()
    case .relu: try x.relu()
    case .softplus: try x.softplus()
    case .logSigmoid: try x.logSigmoid()
    case .stopGradient: x.detached()
    default: preconditionFailure("\(operation) is no operation of scripts")
    }
  }

  private func binary(_ operation: LossOperation, _ x: Tensor, _ y: Tensor) throws -> Tensor {
    switch operation {
    case .add: try x + y
    case .subtract: try x - y
    case .multiply: try x * y
    case .divide: try x / y
    case .power: try x.power(y)
    case .minimum: try x.minimum(y)
    case .maximum: try x.maximum(y)
    case .less: try x.less(than: y)
    case .lessOrEqual: try x.lessOrEqual(to: y)
    case .equal: try x.equal(to: y)
    default: try x.notEqual(to: y)
    }
  }

  // MARK: Derivatives

  /// Writes the values of the rows and all derivatives.
  func differentiate(_ result: TracedValue) throws {
    guard result.kind != .plane else { throw LossProgramError.returnedPlane }
    let tensor = results[result.entry]
    let loss = result.kind == .row ? try tensor.mean() : tensor
    guard tensor.requiresGradient else { throw LossProgramError.noGradient(readsScores: !leaves.isEmpty) }
    let gradients = try Tensor.gradients(of: [loss], withRespectTo: leaves.map(\.tensor))
    guard zip(leaves, gradients).contains(where: { $0.entry.operation != .parameter && $1 != nil }) else {
      throw LossProgramError.noGradient(readsScores: leaves.contains { $0.entry.operation != .parameter })
    }
    writeValues(try loss.item(), rows: result.kind == .row ? try tensor.elements() : nil)
    clearGradients()
    for (leaf, gradient) in zip(leaves, gradients) {
      guard let gradient else { continue }
      if let parameter = leaf.parameter {
        parameterGradients.append((parameter, leaf.entry, try gradient.elements()))
      } else {
        write(try gradient.elements(), of: leaf.entry)
      }
    }
  }

  private func writeValues(_ loss: Float, rows: [Float]?) {
    for row in 0..<plane.rowCount {
      plane.values[row] = rows.map { Double($0[row]) / Double(plane.rowCount) } ?? (row == 0 ? Double(loss) : 0)
    }
  }

  private func clearGradients() {
    let (rows, negatives) = (plane.rowCount, plane.negativeCount)
    plane.gradients.update(repeating: 0, count: rows * plane.width)
    for channel in Channel.inputs {
      plane[gradients: channel]?.update(repeating: 0, count: rows * channel.columns(negativeCount: negatives))
    }
  }

  private func write(_ numbers: [Float], of entry: LossTrace.Entry) {
    let (rows, negatives) = (plane.rowCount, plane.negativeCount)
    switch entry.operation {
    case .positive: for row in 0..<rows { plane.positiveGradient(row).pointee = numbers[row] }
    case .negative:
      for row in 0..<rows {
        for column in 0..<negatives { plane.negativeGradients(row)[column] = numbers[row * negatives + column] }
      }
    case .channel: plane[gradients: Channel.all[entry.a]]?.update(from: numbers, count: numbers.count)
    default: preconditionFailure("\(entry.operation) has no derivative")
    }
  }

  /// Adds the gradients of the batch to its parameters, in the order of its rows.
  func addParameterGradients(to gradients: GradientSet) {
    for (parameter, entry, numbers) in parameterGradients {
      if entry.kind == .scalar {
        var row = [Float](repeating: 0, count: parameter.columnCount)
        row[entry.c] = numbers[0]
        gradients.of(parameter).add(row, row: 0)
        continue
      }
      let columns = entry.kind == .plane ? plane.negativeCount : 1
      let rows = gradients.of(parameter)
      for (index, number) in numbers.enumerated() where number != 0 {
        rows.add(number, row: place(entry, index / columns, index % columns))
      }
    }
  }
}
