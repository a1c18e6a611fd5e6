/// From a record of what a script did to the operations that programs are made of.
extension LossGraph {
  /// Adds all of a record's entries. Returns the node of each.
  mutating func add(_ entries: [LossTrace.Entry]) -> [ID] {
    var ids: [ID] = []
    ids.reserveCapacity(entries.count)
    for entry in entries { ids.append(lower(entry, ids)) }
    return ids
  }

  private mutating func lower(_ entry: LossTrace.Entry, _ ids: [ID]) -> ID {
    let operation = entry.operation
    switch operation {
    case .number, .tensor, .parameter: return leaf(operation, entry.kind, entry.a, entry.b, entry.c)
    case .channel: return leaf(operation, entry.kind, entry.a)
    case _ where operation.isLeaf: return leaf(operation, entry.kind)
    default: break
    }
    let x = ids[entry.a]
    switch operation {
    case .logSigmoid: return negate(unary(.softplus, negate(x)))
    case .notEqual: return subtract(constant(1), binary(.equal, x, ids[entry.b]))
    case .select: return select(x, ids[entry.b], ids[entry.c])
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .less, .lessOrEqual, .equal:
      return binary(operation, x, ids[entry.b])
    case .sameUserSum: return sameUserSum(x)
    case .sameUserMaximum: return sameUserMaximum(x)
    case .sum, .mean, .largest, .smallest, .logSumExp, .softmax, .logSoftmax, .rank:
      return reduce(operation, x, LossAxis(rawValue: UInt8(entry.b))!)
    default: return unary(operation, x)
    }
  }

  private mutating func reduce(_ operation: LossOperation, _ x: ID, _ axis: LossAxis) -> ID {
    // What is left of everything, of a row, is the batch.
    let kept: ValueKind = axis == .negatives ? .row : .scalar
    switch operation {
    case .sum: return sum(x, from: kind(x), to: kept)
    case .mean: return mean(x, to: kept)
    case .largest: return largest(x, to: kept)
    case .smallest: return negate(largest(negate(x), to: kept))
    case .logSumExp: return shares(x, to: kept).logSum
    case .softmax:
      let (powers, sum, _) = shares(x, to: kept)
      return divide(powers, sum)
    case .logSoftmax: return subtract(x, shares(x, to: kept).logSum)
    case .rank: return node(Node(operation: axis == .negatives ? .negativeRank : .batchRank, kind: kind(x), a: x))
    default: preconditionFailure("\(operation) is no reduction")
    }
  }

  private mutating func mean(_ x: ID, to kept: ValueKind) -> ID {
    var result = sum(x, from: kind(x), to: kept)
    if kind(x) == .plane { result = multiply(unary(.reciprocal, leaf(.negativeCount, .scalar)), result) }
    if kept == .scalar, kind(x) != .scalar {
      result = multiply(unary(.reciprocal, leaf(.rowCount, .scalar)), result)
    }
    return result
  }

  private mutating func largest(_ x: ID, to kept: ValueKind) -> ID {
    var result = x
    if kind(result) == .plane { result = node(Node(operation: .negativeMaximum, kind: .row, a: result)) }
    if kept == .scalar, kind(result) == .row {
      result = node(Node(operation: .batchMaximum, kind: .scalar, a: result))
    }
    return result
  }

  /// exp(x - top), their sum, and its logarithm with the largest added again: finite for every finite x.
  private mutating func shares(_ x: ID, to kept: ValueKind) -> (powers: ID, sum: ID, logSum: ID) {
    let top = unary(.stopGradient, largest(x, to: kept))
    let powers = unary(.exp, subtract(x, top))
    let total = sum(powers, from: kind(x), to: kept)
    return (powers, total, add(unary(.log, total), top))
  }
}
