import Interactions

/// Which items a user's ranking must not contain.
public enum EvaluationMask: Sendable, Equatable {
  /// Train items; when testing, those of the validation part too where there is one.
  ///
  /// RecBole and DenoisingRec do so. LightGCN, BSL and SimpleX have no validation part; TIL's code masks train only.
  case automatic
  /// Train items only.
  case train
  /// Train and validation items. Evaluating on the validation part, it is as `train`.
  case trainAndValid
  /// Nothing: items of the train part compete.
  case nothing
  /// These pairs and no others.
  case pairs(InteractionMatrix)

  /// The pairs to leave out when `part` is evaluated.
  public func pairs(of split: Split, part: EvaluationPart) -> InteractionMatrix? {
    switch self {
    case .nothing: return nil
    case .pairs(let matrix): return matrix
    case .train: return split.train
    case .automatic, .trainAndValid:
      guard part == .test, let valid = split.valid else { return split.train }
      return split.train.union(valid)
    }
  }
}

/// The part of a split whose items are looked for.
public enum EvaluationPart: String, Sendable, CaseIterable {
  case test, valid

  func relevant(of split: Split) throws -> InteractionMatrix {
    switch self {
    case .test: return split.test
    case .valid:
      guard let valid = split.valid else { throw EvaluationError.noValidPart }
      return valid
    }
  }
}

extension Split {
  /// The pairs of all parts.
  ///
  /// - Complexity: O(users + pairs)
  public var observed: InteractionMatrix {
    let known = train.union(test)
    return valid.map(known.union) ?? known
  }
}

extension InteractionMatrix {
  /// All pairs of both; both have the same shape.
  ///
  /// - Complexity: O(users + pairs)
  func union(_ other: InteractionMatrix) -> InteractionMatrix {
    precondition(userCount == other.userCount && itemCount == other.itemCount, "the parts of a split have one shape")
    var offsets = [0]
    var merged: [Int32] = []
    offsets.reserveCapacity(userCount + 1)
    merged.reserveCapacity(count + other.count)
    for user in 0..<userCount {
      var (first, second) = (items(of: user), other.items(of: user))
      while let a = first.first, let b = second.first {
        merged.append(min(a, b))
        if a <= b { first.removeFirst() }
        if b <= a { second.removeFirst() }
      }
      merged.append(contentsOf: first)
      merged.append(contentsOf: second)
      offsets.append(merged.count)
    }
    return InteractionMatrix(userCount: userCount, itemCount: itemCount, rowOffsets: offsets, items: merged)
  }
}
