import Kernels
import Platform
import Tensors

/// What says how much a triplet counts from its state: one hidden layer.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022, Eq. 3:
///
///     z = max(0, W1 s + b1),   w = sigmoid(<W2, z> + b2)
///
/// with s of 2 d numbers and d hidden ones. Values begin as those of a linear layer, uniform within 1/√(numbers that go in). The code of
/// its authors has ln(1 + e^x) in place of the sigmoid for matrix factorization, and no b2.
public final class TripletNetwork {
  /// What makes a weight of the last number.
  public enum Activation: String, Sendable, CaseIterable {
    /// Weights lie between 0 and 1.
    case sigmoid
    /// ln(1 + e^x): weights have no upper bound.
    case softplus

    var kernelCode: Int32 {
      switch self {
      case .sigmoid: Int32(KERNEL_TRIPLET_SIGMOID)
      case .softplus: Int32(KERNEL_TRIPLET_SOFTPLUS)
      }
    }
  }

  /// W1, `[d, 2 d]`
  public let hidden: Parameter
  /// b1, `[1, d]`
  public let bias: Parameter
  /// W2, `[1, d]`
  public let output: Parameter
  /// b2, `[1, 1]`; 0 and not trained where the network has none.
  public let offset: Parameter
  public let hasOffset: Bool
  public let activation: Activation
  /// d
  public let width: Int

  public var parameters: [Parameter] { [hidden, bias, output] + (hasOffset ? [offset] : []) }

  public init(width: Int, activation: Activation = .sigmoid, hasOffset: Bool = true, seed: UInt64) throws {
    (self.width, self.activation, self.hasOffset) = (width, activation, hasOffset)
    let stream = RandomStream(seed: seed, purpose: "triplet importance")
    func parameter(_ name: String, _ rows: Int, _ columns: Int, inputs: Int, _ part: Int) throws -> Parameter {
      let (numbers, bound) = (stream.substream(part), 1 / Float(inputs).squareRoot())
      return try Parameter(name: "importance_\(name)", owner: .shared, rowCount: rows, columnCount: columns) {
        bound * Float(2 * numbers.uniformDouble(at: UInt64($0 * columns + $1)) - 1)
      }
    }
    hidden = try parameter("hidden", width, 2 * width, inputs: 2 * width, 1)
    bias = try parameter("bias", 1, width, inputs: 2 * width, 2)
    output = try parameter("output", 1, width, inputs: width, 3)
    offset = try parameter("offset", 1, 1, inputs: width, 4)
    if !hasOffset { try offset.setValues([0]) }
  }
}
