import Testing

@testable import Tensors

/// Whether the table of gradient tests holds every operation that can be recorded.
@Suite struct GradientCoverageTests {
  /// A case of `Operation` that is not itself a choice of functions. A new one does not compile until it is here, and does not
  /// pass until it is in the table.
  private enum Kind: String, CaseIterable {
    case clamp, leakyRelu, choose, logSumExp, softmax, logSoftmax, matrixProduct, copy, embed, concatenate, gather
    case segmentSum, spread, cumulativeSum, sparseProduct, sparseProductTransposed, straightThrough, fused
    case pairProducts, pairSums
    case reshape, permute, expand, slice
    case sum, mean, product, minimumOver, maximumOver, variance, norm1, norm2
  }

  private func name(_ operation: Operation) -> String {
    switch operation {
    case .unary(let function): return function.rawValue
    case .binary(let function): return function.rawValue
    default: return kind(operation).rawValue
    }
  }

  private func kind(_ operation: Operation) -> Kind {
    switch operation {
    case .unary, .binary: preconditionFailure("has a name of its own")
    case .clamp: return .clamp
    case .leakyRelu: return .leakyRelu
    case .choose: return .choose
    case .reduce(let reduction, _, _): return kind(reduction)
    case .logSumExp: return .logSumExp
    case .softmax(_, let logarithm): return logarithm ? .logSoftmax : .softmax
    case .matrixProduct: return .matrixProduct
    case .view(let view):
      switch view {
      case .reshape: return .reshape
      case .permute: return .permute
      case .expand: return .expand
      case .slice: return .slice
      }
    case .copy: return .copy
    case .embed: return .embed
    case .concatenate: return .concatenate
    case .gather: return .gather
    case .segmentSum: return .segmentSum
    case .spread: return .spread
    case .cumulativeSum: return .cumulativeSum
    case .sparseProduct(_, let transposed): return transposed ? .sparseProductTransposed : .sparseProduct
    case .straightThrough: return .straightThrough
    case .fused: return .fused
    case .pairProducts: return .pairProducts
    case .pairSums: return .pairSums
    }
  }

  private func kind(_ reduction: Reduction) -> Kind {
    switch reduction {
    case .sum: return .sum
    case .mean: return .mean
    case .product: return .product
    case .minimum: return .minimumOver
    case .maximum: return .maximumOver
    case .variance: return .variance
    case .norm1: return .norm1
    case .norm2: return .norm2
    }
  }

  @Test func everyOperationIsInTheTable() throws {
    var missing = Set(Kind.allCases.map(\.rawValue))
    missing.formUnion(UnaryFunction.allCases.filter(\.isDifferentiable).map(\.rawValue))
    missing.formUnion(BinaryFunction.allCases.filter(\.isDifferentiable).map(\.rawValue))
    let names = try GradientCase.names()
    #expect(Set(names).count == names.count)
    for test in try GradientCase.all() {
      let result = try test.apply(test.inputs.map { $0.requiringGradient() })
      var pending = [try #require(result.node, "\(test.name) records nothing")]
      while let node = pending.popLast() {
        if let operation = node.operation { missing.remove(name(operation)) }
        pending += node.inputs.compactMap(\.node)
      }
    }
    #expect(missing == ["embed"], "embed is what a slice's gradient is made of, and tested there, twice")
  }
}
