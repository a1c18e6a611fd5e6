/// A loss and its derivatives as nodes that each stand once: the same operation on the same operands is the same node.
///
/// Nodes are made through functions that first look for a cheaper form, so that the graph which `differentiate` makes has no
/// multiplications by 1, and numbers of the batch meet each other before they meet rows, and rows before they meet planes.
struct LossGraph {
  typealias ID = Int

  struct Node: Hashable {
    let operation: LossOperation
    let kind: ValueKind
    var a = -1
    var b = -1
    var c = -1
    /// Of a constant.
    var constant = 0.0

    var operands: [ID] { [a, b, c].filter { $0 >= 0 } }
  }

  private(set) var nodes: [Node] = []
  /// Whether a derivative with respect to scores or parameters may pass through the node.
  private(set) var isDifferentiable: [Bool] = []
  /// Whether the node cannot be known before some pass over the rows of the batch.
  private(set) var dependsOnBatch: [Bool] = []
  private var known: [Node: ID] = [:]

  subscript(id: ID) -> Node { nodes[id] }
  func kind(_ id: ID) -> ValueKind { nodes[id].kind }

  mutating func node(_ node: Node) -> ID {
    if let id = known[node] { return id }
    let id = nodes.count
    nodes.append(node)
    known[node] = id
    let depends = node.operation.needsBatch || (!node.operation.isLeaf && node.operands.contains { dependsOnBatch[$0] })
    dependsOnBatch.append(depends)
    switch node.operation {
    case .positive, .negative, .parameter: isDifferentiable.append(true)
    case .channel: isDifferentiable.append(Channel.all[node.a].isDifferentiable)
    case let operation where operation.isLeaf || operation.stopsGradient: isDifferentiable.append(false)
    default: isDifferentiable.append(node.operands.contains { isDifferentiable[$0] })
    }
    return id
  }

  // MARK: Making nodes

  /// Leaves keep what they stand for in `a`, `b` and `c`; those are no operands.
  mutating func leaf(_ operation: LossOperation, _ kind: ValueKind, _ a: Int = -1, _ b: Int = -1, _ c: Int = -1) -> ID {
    node(Node(operation: operation, kind: kind, a: a, b: b, c: c))
  }

  mutating func constant(_ value: Double) -> ID {
    node(Node(operation: .constant, kind: .scalar, constant: value))
  }

  func constantValue(_ id: ID) -> Double? { nodes[id].operation == .constant ? nodes[id].constant : nil }

  mutating func unary(_ operation: LossOperation, _ x: ID) -> ID {
    switch operation {
    case .negate: return negate(x)
    default: return node(Node(operation: operation, kind: kind(x), a: x))
    }
  }

  mutating func binary(_ operation: LossOperation, _ x: ID, _ y: ID) -> ID {
    switch operation {
    case .add: return add(x, y)
    case .subtract: return subtract(x, y)
    case .multiply: return multiply(x, y)
    case .divide: return divide(x, y)
    default: return plain(operation, x, y)
    }
  }

  private mutating func plain(_ operation: LossOperation, _ x: ID, _ y: ID) -> ID {
    node(Node(operation: operation, kind: max(kind(x), kind(y)), a: x, b: y))
  }

  mutating func negate(_ x: ID) -> ID {
    let inner = nodes[x]
    switch inner.operation {
    case .constant: return constant(-inner.constant)
    case .negate: return inner.a
    case .subtract: return subtract(inner.b, inner.a)
    case .multiply where kind(inner.a) < inner.kind: return multiply(negate(inner.a), inner.b)
    case .gate where kind(inner.b) < inner.kind: return plain(.gate, inner.a, negate(inner.b))
    default: return node(Node(operation: .negate, kind: inner.kind, a: x))
    }
  }

  mutating func add(_ x: ID, _ y: ID) -> ID {
    if let x = constantValue(x), let y = constantValue(y) { return constant(x + y) }
    if constantValue(x) == 0 { return y }
    if constantValue(y) == 0 { return x }
    if nodes[y].operation == .negate { return subtract(x, nodes[y].a) }
    if nodes[x].operation == .negate { return subtract(y, nodes[x].a) }
    // The two branches of a choice, of which each was 0 where the other is not.
    if nodes[x].operation == .select, nodes[y].operation == .select, nodes[x].a == nodes[y].a {
      if constantValue(nodes[x].c) == 0, constantValue(nodes[y].b) == 0 {
        return select(nodes[x].a, nodes[x].b, nodes[y].c)
      }
      if constantValue(nodes[x].b) == 0, constantValue(nodes[y].c) == 0 {
        return select(nodes[x].a, nodes[y].b, nodes[x].c)
      }
    }
    return plain(.add, min(x, y), max(x, y))
  }

  mutating func subtract(_ x: ID, _ y: ID) -> ID {
    if let x = constantValue(x), let y = constantValue(y) { return constant(x - y) }
    if constantValue(y) == 0 { return x }
    if constantValue(x) == 0 { return negate(y) }
    if nodes[y].operation == .negate { return add(x, nodes[y].a) }
    return plain(.subtract, x, y)
  }

  mutating func multiply(_ x: ID, _ y: ID) -> ID {
    if let x = constantValue(x), let y = constantValue(y) { return constant(x * y) }
    // The lower kind stands left.
    let (x, y) = (kind(x), x) <= (kind(y), y) ? (x, y) : (y, x)
    if let factor = constantValue(x) {
      if factor == 1 { return y }
      if factor == -1 { return negate(y) }
    }
    let right = nodes[y]
    if kind(x) < right.kind {
      switch right.operation {
      case .multiply where kind(right.a) < right.kind: return multiply(multiply(x, right.a), right.b)
      case .negate: return multiply(negate(x), right.a)
      case .gate where kind(right.b) < right.kind: return plain(.gate, right.a, multiply(x, right.b))
      case .select where kind(right.b) < right.kind && kind(right.c) < right.kind:
        return select(right.a, multiplyOrZero(x, right.b), multiplyOrZero(x, right.c))
      default: break
      }
    }
    return plain(.multiply, x, y)
  }

  /// A branch that is 0 stays 0, also for an infinite factor.
  private mutating func multiplyOrZero(_ x: ID, _ y: ID) -> ID { constantValue(y) == 0 ? y : multiply(x, y) }

  mutating func divide(_ x: ID, _ y: ID) -> ID {
    if let x = constantValue(x), let y = constantValue(y) { return constant(x / y) }
    if constantValue(y) == 1 { return x }
    // One division for the row or the batch, a product for each of its numbers.
    if kind(y) < kind(x) { return multiply(unary(.reciprocal, y), x) }
    return plain(.divide, x, y)
  }

  mutating func select(_ condition: ID, _ yes: ID, _ no: ID) -> ID {
    if yes == no { return yes }
    let highest = max(kind(condition), max(kind(yes), kind(no)))
    return node(Node(operation: .select, kind: highest, a: condition, b: yes, c: no))
  }

  // MARK: Sums

  /// The sum over a row's negatives of what may also be one number for all of them.
  mutating func negativeSum(_ x: ID) -> ID {
    let inner = nodes[x]
    guard inner.kind == .plane else { return multiply(leaf(.negativeCount, .scalar), x) }
    switch inner.operation {
    case .negate: return negate(negativeSum(inner.a))
    case .multiply where kind(inner.a) < .plane: return multiply(inner.a, negativeSum(inner.b))
    default: return node(Node(operation: .negativeSum, kind: .row, a: x))
    }
  }

  /// The sum over the rows of the batch.
  mutating func batchSum(_ x: ID) -> ID {
    let inner = nodes[x]
    guard inner.kind == .row else { return multiply(leaf(.rowCount, .scalar), x) }
    switch inner.operation {
    case .negate: return negate(batchSum(inner.a))
    case .multiply where kind(inner.a) == .scalar: return multiply(inner.a, batchSum(inner.b))
    default: return node(Node(operation: .batchSum, kind: .scalar, a: x))
    }
  }

  mutating func sameUserSum(_ x: ID) -> ID {
    let inner = nodes[x]
    guard inner.kind == .row else { return multiply(x, leaf(.sameUserCount, .row)) }
    switch inner.operation {
    case .multiply where kind(inner.a) == .scalar: return multiply(inner.a, sameUserSum(inner.b))
    default: return node(Node(operation: .sameUserSum, kind: .row, a: x))
    }
  }

  mutating func sameUserMaximum(_ x: ID) -> ID {
    kind(x) == .row ? node(Node(operation: .sameUserMaximum, kind: .row, a: x)) : x
  }

  /// What is left of a value of kind `from` after summing over all that `to` does not tell apart.
  mutating func sum(_ x: ID, from: ValueKind, to: ValueKind) -> ID {
    var x = x
    if from == .plane, to < .plane { x = negativeSum(x) }
    if from > .scalar, to == .scalar { x = batchSum(x) }
    return x
  }
}
