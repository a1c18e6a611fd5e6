import Kernels
import Tensors

/// The layers of a tower after its first, and the score's weights, as the kernels want them; see `kernel_tower.h`.
final class PackedTower: Sendable {
  /// One layer after the first: `[outputs, inputs]` and `[outputs]`.
  struct Layer {
    let outputs: Int
    let weights: [Float]
    let bias: [Float]
    var inputs: Int { weights.count / outputs }
  }

  /// Outputs of the first layer, and those filled up to whole groups.
  let firstWidth: Int
  let paddedFirstWidth: Int
  private let factorWidth: Int
  /// Outputs of the later layers.
  private let outputs: [Int]
  private let paddedOutputs: [Int64]
  private let parameters: AlignedBuffer<Float>
  private let offset: Float

  /// - Parameters:
  ///   - output: h, as many numbers as the last layer has outputs.
  ///   - offset: c.
  ///   - factorWidth: Numbers of an inner product that is added.
  init(firstWidth: Int, later layers: [Layer], output: [Float], offset: Float, factorWidth: Int = 0) throws {
    (self.firstWidth, self.factorWidth, self.offset) = (firstWidth, factorWidth, offset)
    paddedFirstWidth = Self.padded(firstWidth)
    outputs = layers.map(\.outputs)
    paddedOutputs = layers.map { Int64(Self.padded($0.outputs)) }
    var packed: [Float] = []
    var inputs = paddedFirstWidth
    for layer in layers {
      let places = Places(inputs: inputs, outputs: Self.padded(layer.outputs))
      var part = [Float](repeating: 0, count: places.count)
      for output in 0..<layer.outputs {
        for input in 0..<layer.inputs {
          part[places.weight(output, input)] = layer.weights[output * layer.inputs + input]
        }
        part[places.bias(output)] = layer.bias[output]
      }
      packed += part
      inputs = places.outputs
    }
    packed += output + [Float](repeating: 0, count: inputs - output.count)
    parameters = try AlignedBuffer(count: packed.count, repeating: 0, for: "the layers of a tower")
    parameters.base.update(from: packed, count: packed.count)
  }

  /// Up to whole groups of outputs.
  static func padded(_ width: Int) -> Int {
    let group = Int(KERNEL_TOWER_GROUP)
    return (width + group - 1) / group * group
  }

  /// Where the numbers of a layer are.
  private struct Places {
    let inputs: Int
    /// Padded.
    let outputs: Int
    var count: Int { (inputs + 1) * outputs }
    func weight(_ output: Int, _ input: Int) -> Int {
      let group = Int(KERNEL_TOWER_GROUP)
      return (output / group * inputs + input) * group + output % group
    }
    func bias(_ output: Int) -> Int { inputs * outputs + output }
  }

  /// Numbers of a user's and of an item's row.
  var rowWidth: Int { paddedFirstWidth + factorWidth }
  /// Parameters, c included.
  var parameterCount: Int { parameters.count + 1 }

  /// Numbers that stand as the parameters do, taken apart: for each later layer its weights and bias, then h and c.
  func unpacked(_ numbers: [Float]) -> [[Float]] {
    var result: [[Float]] = []
    var start = 0
    var (inputs, padded) = (firstWidth, paddedFirstWidth)
    for outputs in outputs {
      let places = Places(inputs: padded, outputs: Self.padded(outputs))
      result.append(
        (0..<outputs * inputs).map { numbers[start + places.weight($0 / inputs, $0 % inputs)] })
      result.append((0..<outputs).map { numbers[start + places.bias($0)] })
      start += places.count
      (inputs, padded) = (outputs, places.outputs)
    }
    result.append(Array(numbers[start..<start + inputs]))
    result.append([numbers[start + padded]])
    return result
  }

  /// Runs `body` with the tower and memory for one call of a kernel.
  private func withKernelTower<Result>(
    _ body: (UnsafePointer<kernel_tower>, UnsafeMutablePointer<Float>) -> Result
  ) -> Result {
    paddedOutputs.withUnsafeBufferPointer { widths in
      var tower = kernel_tower(
        first_width: Int64(paddedFirstWidth), factor_width: Int64(factorWidth), layer_count: Int64(widths.count),
        widths: widths.baseAddress, parameters: UnsafePointer(parameters.base), offset: offset)
      let scratch = AlignedBuffer<Float>(count: Int(kernel_tower_scratch(&tower)), repeating: 0)
      return body(&tower, scratch.base)
    }
  }

  /// Scores of all pairs of users and items; see `kernel_tower_scores`.
  func scores(
    users: UnsafePointer<Float>, count userCount: Int, items: UnsafePointer<Float>, count itemCount: Int,
    into out: UnsafeMutablePointer<Float>, stride: Int
  ) {
    withKernelTower { tower, scratch in
      kernel_tower_scores(tower, users, Int64(userCount), items, Int64(itemCount), scratch, out, Int64(stride))
    }
  }

  /// Scores of some of a batch's pairs.
  func forward(_ pairs: kernel_tower_pairs, _ range: Range<Int>, into scores: UnsafeMutablePointer<Float>) {
    withKernelTower { tower, scratch in
      withUnsafePointer(to: pairs) {
        kernel_tower_forward(tower, $0, Int64(range.lowerBound), Int64(range.upperBound), scratch, scores)
      }
    }
  }

  /// Gradients of some of a batch's pairs.
  ///
  /// - Parameters:
  ///   - parts: `[pairs, paddedFirstWidth]`.
  ///   - sums: `[parameterCount, KERNEL_TOWER_LANES]`, which are added to.
  func backward(
    _ pairs: kernel_tower_pairs, _ range: Range<Int>, _ gradients: UnsafePointer<Float>,
    parts: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    withKernelTower { tower, scratch in
      withUnsafePointer(to: pairs) {
        kernel_tower_backward(
          tower, $0, Int64(range.lowerBound), Int64(range.upperBound), gradients, scratch, parts, sums)
      }
    }
  }
}
