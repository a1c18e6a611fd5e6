/// Reverse differentiation: the derivatives are nodes of the same graph.
extension LossGraph {
  /// The derivative of a scalar with respect to every leaf that it depends on.
  ///
  /// A derivative may be of a lower kind than its leaf: it is then the same for all that the leaf tells apart.
  mutating func derivatives(of result: ID) -> [ID: ID] {
    var derivatives: [ID: ID] = [result: constant(1)]
    var ofLeaves: [ID: ID] = [:]
    // Operands come before what is made of them.
    for id in stride(from: result, through: 0, by: -1) {
      guard let derivative = derivatives[id], isDifferentiable[id] else { continue }
      if nodes[id].operation.isLeaf {
        ofLeaves[id] = derivative
      } else {
        pass(derivative, of: id, into: &derivatives)
      }
    }
    return ofLeaves
  }

  private mutating func pass(_ derivative: ID, of id: ID, into derivatives: inout [ID: ID]) {
    for (operand, part) in parts(derivative, of: id) {
      derivatives[operand] = derivatives[operand].map { add($0, part) } ?? part
    }
  }

  /// What an operation hands on to its operands.
  private mutating func parts(_ g: ID, of id: ID) -> [(ID, ID)] {
    let node = nodes[id]
    switch node.operation {
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .gate, .select:
      var parts: [(ID, ID)] = []
      for operand in [node.a, node.b, node.c] where operand >= 0 && isDifferentiable[operand] {
        // The same node may stand on both sides.
        if parts.contains(where: { $0.0 == operand }) { continue }
        parts.append((operand, sideDerivatives(g, id, operand)))
      }
      return parts
    case .negativeSum, .batchSum: return [(node.a, g)]
    case .sameUserSum: return [(node.a, sameUserSum(g))]
    case .sameUserMaximum:
      let isLargest = binary(.equal, node.a, id)
      return [(node.a, multiply(divide(sameUserSum(g), sameUserSum(isLargest)), isLargest))]
    case .negativeMaximum: return [(node.a, maximumDerivative(g, id, node.a, from: .plane, to: .row))]
    case .batchMaximum: return [(node.a, maximumDerivative(g, id, node.a, from: .row, to: .scalar))]
    case .cumulate: return [(node.a, runningSum(.cumulateBackwards, g))]
    case .cumulateBackwards: return [(node.a, runningSum(.cumulate, g))]
    default: return [(node.a, unaryDerivative(g, node, id))]
    }
  }

  private mutating func runningSum(_ operation: LossOperation, _ g: ID) -> ID {
    let plane = kind(g) == .plane ? g : node(Node(operation: .spread, kind: .plane, a: g))
    return unary(operation, plane)
  }

  private mutating func maximumDerivative(_ g: ID, _ result: ID, _ x: ID, from: ValueKind, to: ValueKind) -> ID {
    let isLargest = binary(.equal, x, result)
    return multiply(divide(g, sum(isLargest, from: from, to: to)), isLargest)
  }

  private mutating func unaryDerivative(_ g: ID, _ node: Node, _ y: ID) -> ID {
    let x = node.a
    switch node.operation {
    case .negate: return negate(g)
    case .exp: return multiply(g, y)
    case .log: return multiply(g, unary(.reciprocal, x))
    case .log1p: return multiply(g, unary(.reciprocal, add(constant(1), x)))
    case .squareRoot: return multiply(multiply(constant(0.5), g), unary(.reciprocal, y))
    case .square: return multiply(multiply(constant(2), g), x)
    case .reciprocal: return multiply(negate(g), unary(.square, y))
    case .absolute: return multiply(g, unary(.sign, x))
    case .tanh: return multiply(g, subtract(constant(1), unary(.square, y)))
    case .sigmoid: return multiply(g, multiply(y, subtract(constant(1), y)))
    // Exactly 0 where x is 0 or less: the backward pass of a model skips such entries.
    case .relu: return binary(.gate, x, g)
    case .softplus: return multiply(g, unary(.sigmoid, x))
    default: preconditionFailure("\(node.operation) has no derivative")
    }
  }

  /// The derivative of an operation on two or three values with respect to one of them, which may stand on several sides.
  private mutating func sideDerivatives(_ g: ID, _ id: ID, _ operand: ID) -> ID {
    let node = nodes[id]
    var total: ID?
    for (side, other) in [node.a, node.b, node.c].enumerated() where other == operand {
      guard let part = sideDerivative(g, node, id, side) else { continue }
      let reduced = sum(part, from: node.kind, to: kind(operand))
      total = total.map { add($0, reduced) } ?? reduced
    }
    return total ?? constant(0)
  }

  private mutating func sideDerivative(_ g: ID, _ node: Node, _ y: ID, _ side: Int) -> ID? {
    let (a, b) = (node.a, node.b)
    switch (node.operation, side) {
    case (.add, _), (.subtract, 0): return g
    case (.subtract, _): return negate(g)
    case (.multiply, 0): return multiply(g, b)
    case (.multiply, _): return multiply(g, a)
    case (.divide, 0): return divide(g, b)
    case (.divide, _): return negate(multiply(divide(g, b), y))
    case (.power, 0): return multiply(g, multiply(b, binary(.power, a, subtract(b, constant(1)))))
    case (.power, _):
      // 0^b is 0 for every positive b: there ln 0 would spoil the product.
      let logarithm = select(binary(.equal, a, constant(0)), constant(0), unary(.log, a))
      return multiply(g, multiply(y, logarithm))
    case (.maximum, 0), (.minimum, 1): return multiply(g, binary(.lead, a, b))
    case (.maximum, _), (.minimum, _): return multiply(g, binary(.lead, b, a))
    case (.select, 0): return nil
    case (.select, 1): return select(a, g, constant(0))
    case (.select, _): return select(a, constant(0), g)
    case (.gate, 0): return nil
    case (.gate, _): return binary(.gate, a, g)
    default: preconditionFailure("\(node.operation) has no derivative")
    }
  }
}
