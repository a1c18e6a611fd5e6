import Foundation

@testable import Ranking

/// A record evaluated in float64, one operation after the other over the whole batch: slow and obvious.
struct PlainEvaluation {
  /// Inputs as float64, so that they can be moved by small steps.
  struct Inputs {
    var positive: [Double]
    var negative: [Double]
    var boundary: [Double]
    var itemScores: [Double]
    let logProposal: [Double]
    let users: [Int32]
    let items: [Int32]
    var parameters: [[Double]]
    let rows: Int
    let negatives: Int

    init(_ batch: PlaneBatch, parameters: [Parameter] = []) {
      let width = 1 + batch.negatives
      rows = batch.rows
      negatives = batch.negatives
      positive = (0..<batch.rows).map { Double(batch.scores[$0 * width]) }
      negative = (0..<batch.rows * batch.negatives).map {
        Double(batch.scores[$0 / batch.negatives * width + 1 + $0 % batch.negatives])
      }
      boundary = batch.boundary.map(Double.init)
      itemScores = batch.itemScores.map(Double.init)
      logProposal = batch.logProposal.map(Double.init)
      users = batch.users
      items = batch.items
      self.parameters = parameters.map { parameter in
        (0..<parameter.rowCount * parameter.columnCount).map {
          Double(parameter.values[$0 / parameter.columnCount * parameter.rowStride + $0 % parameter.columnCount])
        }
      }
    }
  }

  struct Value {
    var kind: ValueKind
    var numbers: [Double]
  }

  let inputs: Inputs
  /// What `stop_gradient` stands for: the values at the point of differentiation.
  var stopped: [Int: Value] = [:]

  /// The loss of a record; a row is averaged.
  mutating func loss(_ trace: LossTrace, result: TracedValue) throws -> Double {
    var values: [Value] = []
    for (index, entry) in trace.entries.enumerated() {
      if entry.operation == .stopGradient || entry.operation == .rank {
        let known = stopped[index] ?? (entry.operation == .rank ? rank(values[entry.a], entry) : values[entry.a])
        stopped[index] = known
        values.append(known)
      } else {
        values.append(try value(entry, values, trace))
      }
    }
    let numbers = values[result.entry].numbers
    return numbers.reduce(0, +) / Double(numbers.count)
  }

  private func count(_ kind: ValueKind) -> Int {
    switch kind {
    case .scalar: 1
    case .row: inputs.rows
    case .plane: inputs.rows * inputs.negatives
    }
  }

  private func spread(_ value: Value, to kind: ValueKind) -> [Double] {
    if value.kind == kind { return value.numbers }
    return (0..<count(kind)).map { value.numbers[value.kind == .scalar ? 0 : $0 / inputs.negatives] }
  }

  private func value(_ entry: LossTrace.Entry, _ values: [Value], _ trace: LossTrace) throws -> Value {
    switch entry.operation {
    case .positive: return Value(kind: .row, numbers: inputs.positive)
    case .negative: return Value(kind: .plane, numbers: inputs.negative)
    case .channel:
      let channel = Channel.all[entry.a]
      let numbers = [
        Channel.boundary: inputs.boundary, .itemScores: inputs.itemScores, .logProposal: inputs.logProposal,
      ]
      return Value(kind: channel.kind, numbers: numbers[channel]!)
    case .number: return Value(kind: .scalar, numbers: [trace.numbers[entry.a]])
    case .sameUserCount:
      return Value(kind: .row, numbers: inputs.users.map { user in Double(inputs.users.filter { $0 == user }.count) })
    case .tensor: return Value(kind: entry.kind, numbers: try tensor(entry, trace))
    case .parameter: return Value(kind: entry.kind, numbers: parameter(entry))
    case .sum, .mean, .largest, .smallest, .logSumExp, .softmax, .logSoftmax:
      return reduce(entry, values[entry.a])
    case .cumulate:
      var numbers = values[entry.a].numbers
      for index in numbers.indices where index % inputs.negatives != 0 { numbers[index] += numbers[index - 1] }
      return Value(kind: .plane, numbers: numbers)
    case .sameUserSum:
      let x = values[entry.a].numbers
      return Value(
        kind: .row,
        numbers: inputs.users.map { user in
          x.indices.reduce(0) { inputs.users[$1] == user ? $0 + x[$1] : $0 }
        })
    case .sameUserMaximum:
      let x = values[entry.a].numbers
      return Value(
        kind: .row,
        numbers: inputs.users.map { user in x.indices.filter { inputs.users[$0] == user }.map { x[$0] }.max()! })
    case .select:
      let parts = [entry.a, entry.b, entry.c].map { spread(values[$0], to: entry.kind) }
      return Value(
        kind: entry.kind, numbers: parts[0].indices.map { parts[0][$0] != 0 ? parts[1][$0] : parts[2][$0] })
    case .add, .subtract, .multiply, .divide, .power, .minimum, .maximum, .less, .lessOrEqual, .equal, .notEqual:
      let (a, b) = (spread(values[entry.a], to: entry.kind), spread(values[entry.b], to: entry.kind))
      return Value(kind: entry.kind, numbers: zip(a, b).map { binary(entry.operation, $0, $1) })
    default:
      return Value(kind: entry.kind, numbers: values[entry.a].numbers.map { unary(entry.operation, $0) })
    }
  }

  private func tensor(_ entry: LossTrace.Entry, _ trace: LossTrace) throws -> [Double] {
    let numbers = try trace.tensors[entry.a].withElements { $0.map(Double.init) }
    guard numbers.count != count(entry.kind) else { return numbers }
    return (0..<count(entry.kind)).map { numbers[$0 % inputs.negatives] }
  }

  private func parameter(_ entry: LossTrace.Entry) -> [Double] {
    let numbers = inputs.parameters[entry.a]
    let width = 1 + inputs.negatives
    switch entry.b {
    case 0: return [numbers[entry.c]]
    case 1: return inputs.users.map { numbers[Int($0)] }
    case 2: return (0..<inputs.rows).map { numbers[Int(inputs.items[$0 * width])] }
    default:
      return (0..<inputs.rows * inputs.negatives).map {
        numbers[Int(inputs.items[$0 / inputs.negatives * width + 1 + $0 % inputs.negatives])]
      }
    }
  }

  /// The parts that a reduction goes over: rows of a plane, or everything.
  private func groups(_ entry: LossTrace.Entry, _ x: Value) -> [Range<Int>] {
    guard entry.b == Int(LossAxis.negatives.rawValue) else { return [0..<x.numbers.count] }
    return (0..<inputs.rows).map { $0 * inputs.negatives..<($0 + 1) * inputs.negatives }
  }

  private func reduce(_ entry: LossTrace.Entry, _ x: Value) -> Value {
    var kept: [Double] = []
    for group in groups(entry, x) {
      let part = Array(x.numbers[group])
      let logSum = logSumExp(part)
      switch entry.operation {
      case .sum: kept.append(part.reduce(0, +))
      case .mean: kept.append(part.reduce(0, +) / Double(part.count))
      case .largest: kept.append(part.max()!)
      case .smallest: kept.append(part.min()!)
      case .logSumExp: kept.append(logSum)
      case .softmax: kept += part.map { exp($0 - logSum) }
      default: kept += part.map { $0 - logSum }
      }
    }
    return Value(kind: entry.kind, numbers: kept)
  }

  private func rank(_ x: Value, _ entry: LossTrace.Entry) -> Value {
    var numbers = x.numbers
    for group in groups(entry, x) {
      for (position, index) in group.sorted(by: { (x.numbers[$0], $0) < (x.numbers[$1], $1) }).enumerated() {
        numbers[index] = Double(position + 1)
      }
    }
    return Value(kind: x.kind, numbers: numbers)
  }

  private func unary(_ operation: LossOperation, _ x: Double) -> Double {
    switch operation {
    case .negate: -x
    case .exp: exp(x)
    case .log: log(x)
    case .log1p: log1p(x)
    case .squareRoot: sqrt(x)
    case .square: x * x
    case .reciprocal: 1 / x
    case .absolute: abs(x)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .relu: max(0, x)
    case .softplus: softplus(x)
    case .logSigmoid: -softplus(-x)
    default: .nan
    }
  }

  private func binary(_ operation: LossOperation, _ a: Double, _ b: Double) -> Double {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: pow(a, b)
    case .minimum: min(a, b)
    case .maximum: max(a, b)
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    default: .nan
    }
  }
}
