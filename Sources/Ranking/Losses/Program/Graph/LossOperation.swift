/// What the numbers of a loss belong to. Where two kinds meet the lower one is repeated: a number of the batch for every row, a
/// row's number for each of its negatives.
public enum ValueKind: UInt8, Sendable, Comparable, CaseIterable {
  /// One number.
  case scalar
  /// One number for each positive, `[B]`.
  case row
  /// One number for each negative, `[B, N]`.
  case plane

  public static func < (left: ValueKind, right: ValueKind) -> Bool { left.rawValue < right.rawValue }
}

/// What a reduction goes over.
public enum LossAxis: UInt8, Sendable, CaseIterable {
  /// The negatives of each positive: a plane becomes a row.
  case negatives
  /// The positives of the batch: a row becomes a scalar.
  case batch
  /// Everything: a scalar.
  case all
}

/// Which rows of a parameter, or which user and items, a batch reads.
public enum LossIndex: UInt8, Sendable, CaseIterable {
  case users
  case positiveItems
  case negativeItems

  /// The kind of what is read with it.
  public var kind: ValueKind { self == .negativeItems ? .plane : .row }
}

/// Everything that a loss can be made of.
public enum LossOperation: UInt8, Sendable {
  // What the batch gives.
  case positive, negative
  /// One of `Channel.all`, by its number.
  case channel
  /// Rows of the batch with the same user.
  case sameUserCount
  /// Numbers that a script brought: a literal or an upvalue, a constant tensor, a learnable parameter.
  case number, tensor, parameter
  /// Known when the program is compiled.
  case constant
  /// B and N.
  case rowCount, negativeCount

  // Elementwise, of one value.
  case negate, exp, log, log1p, squareRoot, square, reciprocal, absolute, sign, tanh, sigmoid, relu, softplus
  case logSigmoid

  // Elementwise, of two.
  case add, subtract, multiply, divide, power, minimum, maximum
  case less, lessOrEqual, equal, notEqual
  /// 1 where the first is larger, 1/2 where both are equal, else 0: how the derivative of a maximum is shared.
  case lead
  /// The second value, but 0 where the first is 0 or less: how the derivative passes a rectifier.
  case gate
  /// The second where the first is not 0, else the third.
  case select

  // Over an axis.
  case sum, mean, largest, smallest, logSumExp, softmax, logSoftmax, rank
  /// Sums of the negatives so far, from the first or from the last.
  case cumulate, cumulateBackwards
  /// Sums over the rows of the batch with the same user.
  case sameUserSum
  /// The largest value among the rows of the batch with the same user.
  case sameUserMaximum
  /// The value, with no derivative.
  case stopGradient

  // What reductions are made of, below the level of scripts.
  case negativeSum, negativeMaximum, negativeRank
  case batchSum, batchMaximum, batchRank
  /// A value of a lower kind as a row or plane of its own.
  case spread
}

extension LossOperation {
  /// The name that scripts use, where they can write it.
  public var scriptName: String {
    switch self {
    case .squareRoot: "sqrt"
    case .absolute: "abs"
    case .logSigmoid: "logsigmoid"
    case .logSumExp: "logsumexp"
    case .logSoftmax: "logsoftmax"
    case .largest: "max"
    case .smallest: "min"
    case .select: "where"
    case .stopGradient: "stop_gradient"
    case .sameUserSum: "same_user_sum"
    case .sameUserMaximum: "same_user_max"
    case .lessOrEqual: "less or equal"
    case .notEqual: "not equal"
    case .rowCount: "batch_size"
    case .negativeCount: "negative_count"
    default: "\(self)"
    }
  }

  /// Reads numbers from outside the program.
  var isLeaf: Bool { rawValue <= LossOperation.negativeCount.rawValue }

  /// Reads the scores or another input of the batch.
  var isInput: Bool { self == .positive || self == .negative || self == .channel }

  /// Has a derivative of 0, or none.
  var stopsGradient: Bool {
    switch self {
    case .sign, .less, .lessOrEqual, .equal, .notEqual, .lead, .rank, .negativeRank, .batchRank, .stopGradient: true
    default: false
    }
  }

  /// Needs the whole batch: what comes after it is computed in a later pass over the rows.
  var needsBatch: Bool {
    switch self {
    case .batchSum, .batchMaximum, .batchRank, .sameUserSum, .sameUserMaximum, .sameUserCount: true
    default: false
    }
  }
}
