/// Compares the gradients of a function with central finite differences of its values.
///
///     try GradientCheck().largestError(at: [x]) { try $0[0].tanh() }
public struct GradientCheck {
  /// Distance of the differences, relative to an element above 1. A kink within twice this distance shows as a disagreement.
  public var step: Float = 0x1p-6
  /// Largest error that is allowed, relative to the largest derivative with respect to the input, or 1.
  public var tolerance = 1e-3

  /// The worst element, where some are further off than allowed.
  public struct Disagreement: Error, Equatable, CustomStringConvertible {
    /// Which input, and where in it; from 0.
    public let input: Int
    public let element: [Int]
    /// Which derivative it is: what backward and what the differences give.
    public let gradient: Double
    public let difference: Double
    public let allowed: Double
    /// How many elements of the input disagree, of how many.
    public let disagreeing: Int
    public let count: Int

    public var description: String { description(from: 0) }

    /// With positions counted from `first`.
    public func description(from first: Int) -> String {
      let place = element.map { "\($0 + first)" }.joined(separator: ", ")
      let name = "input \(input + first)" + (element.isEmpty ? "" : ", element { \(place) }")
      return "\(name): backward gives \(Float(gradient)), finite differences give \(Float(difference)), allowed is "
        + "\(Float(allowed)); \(disagreeing) of \(count) elements of this input disagree"
    }
  }

  public init() {}

  /// - Parameter function: Must give the same for the same inputs. The elements of a result that is not a single number are
  ///   weighted, by fixed numbers from 0.5 to 1.5, and summed.
  /// - Returns: The largest absolute error over all elements of all inputs.
  /// - Throws: `Disagreement`; `TensorError.argument` where the result does not depend on the inputs, or differs when asked twice.
  /// - Complexity: Four calls for each element.
  public func largestError(at inputs: [Tensor], of function: ([Tensor]) throws -> Tensor) throws -> Double {
    let leaves = inputs.map { $0.requiringGradient() }
    let result = try function(leaves)
    let weights = try Tensor.uniform(
      result.shape, from: 0.5, to: 1.5, stream: RandomStream(seed: 1, purpose: "gradient check"))
    let total = { (result: Tensor) throws -> Double in
      guard result.shape == weights.shape else {
        throw TensorError.shapes(
          operation: "check_gradient", left: weights.shape, right: result.shape, wanted: "one shape at every call")
      }
      if result.count == 1 { return Double(try result.item()) }
      return try zip(result.elements(), weights.elements()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let value = try total(result)
    let gradients = try Tensor.gradients(
      of: [result], withRespectTo: leaves, outputGradients: [result.count == 1 ? Tensor.ones(result.shape) : weights])
    let again = try total(function(inputs.map { $0.requiringGradient() }))
    guard again == value || (again.isNaN && value.isNaN) else {
      throw TensorError.argument(
        operation: "check_gradient",
        reason:
          "the function gives \(value) and then \(again) for the same inputs; let its random numbers have a fixed seed")
    }
    var largest = 0.0
    for index in inputs.indices {
      let error = try check(index, inputs, gradients[index], value) { try total(function($0)) }
      largest = max(largest, error)
    }
    return largest
  }

  private func check(
    _ index: Int, _ inputs: [Tensor], _ gradient: Tensor?, _ value: Double, _ function: ([Tensor]) throws -> Double
  ) throws -> Double {
    let elements = try inputs[index].elements()
    // No gradient is the claim that there is no dependence: compared like any other.
    let claimed = try gradient?.elements() ?? [Float](repeating: 0, count: elements.count)
    var differences: [Double] = []
    var rounding = 0.0
    for place in elements.indices {
      let distance = step * Float(sign: .plus, exponent: max(1, abs(elements[place])).exponent, significand: 1)
      func at(_ steps: Float) throws -> Double {
        var moved = elements
        moved[place] += steps * distance
        var all = inputs
        all[index] = try Tensor(moved, shape: inputs[index].shape)
        return try function(all.map { $0.requiringGradient() })
      }
      let near = try at(1) - at(-1)
      let far = try at(2) - at(-2)
      differences.append((8 * near - far) / (12 * Double(distance)))
      rounding = max(rounding, abs(value) * 0x1p-22 / Double(distance))
    }
    let scale = differences.reduce(1) { max($0, abs($1)) }
    let allowed = tolerance * scale + rounding
    let errors = zip(claimed, differences).map { abs(Double($0) - $1) }
    let wrong = errors.indices.filter { !(errors[$0] <= allowed) }
    guard let worst = wrong.max(by: { errors[$0] < errors[$1] || errors[$1].isNaN }) else { return errors.max() ?? 0 }
    throw Disagreement(
      input: index, element: indices(of: worst, in: inputs[index].shape), gradient: Double(claimed[worst]),
      difference: differences[worst], allowed: allowed, disagreeing: wrong.count, count: elements.count)
  }

  private func indices(of place: Int, in shape: [Int]) -> [Int] {
    var rest = place
    var result: [Int] = []
    for length in shape.reversed() {
      result.insert(rest % length, at: 0)
      rest /= length
    }
    return result
  }
}
