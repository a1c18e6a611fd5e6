import Foundation
import Platform
import TestSupport
import Testing

@testable import Tensors

/// What the outer step of a bilevel method needs: the derivative of an outer loss through one step of SGD on an inner one.
@Suite struct SecondOrderTests {
  private let stream = RandomStream(seed: 17, purpose: "second order")
  private let inputs: Tensor
  private let targets: Tensor
  private let start: Tensor

  init() throws {
    inputs = try Tensor.normal([20, 4], stream: stream)
    targets = try Tensor.uniform([20], stream: stream.substream(1)).round()
    start = try Tensor.normal([4], standardDeviation: 0.5, stream: stream.substream(2))
  }

  /// J_out(θ - a ∇J(θ, λ)), where J weighs each example by softplus(λ) and J_out counts each once.
  private func outerLoss(_ weights: Tensor) throws -> Tensor {
    let parameters = start.requiringGradient()
    let inner = try (losses(parameters) * weights.softplus()).mean()
    let gradient = try #require(
      try Tensor.gradients(of: [inner], withRespectTo: [parameters], createGraph: true)[0])
    return try losses(parameters - gradient * 0.5).square().mean()
  }

  private func losses(_ parameters: Tensor) throws -> Tensor {
    let scores = try inputs.matrixProduct(parameters)
    return try targets * (-scores).softplus() + (1 - targets) * scores.softplus()
  }

  @Test func theGradientThroughOneStepAgreesWithFiniteDifferences() throws {
    let weights = try Tensor.normal([20], stream: stream.substream(3))
    let leaf = weights.requiringGradient()
    let gradient = try #require(try Tensor.gradients(of: [outerLoss(leaf)], withRespectTo: [leaf])[0]).elements()
    let elements = try weights.elements()
    var differences: [Float] = []
    for place in elements.indices {
      func at(_ distance: Float) throws -> Float {
        var moved = elements
        moved[place] += distance
        return try outerLoss(Tensor(moved)).item()
      }
      differences.append(try (at(0.0625) - at(-0.0625)) / 0.125)
    }
    let length = differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let distance = zip(gradient, differences).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(length > 0.01)
    #expect(distance <= 1e-3 * length)
  }

  /// In a process of its own: what other tests hold meanwhile must not count.
  @Test(.enabled(if: !Sanitizer.isThread, "ThreadSanitizer keeps notes of memory that was freed"))
  func memoryStaysFlatOverAThousandRepeats() async throws {
    await #expect(processExitsWith: .success) {
      let tests = try SecondOrderTests()
      let weights = try Tensor.normal([20], stream: tests.stream.substream(3))
      // 2 MB for each repeat, if they stayed.
      let ballast = try Tensor.ones([500, 1000]).requiringGradient()
      for _ in 0..<20 { try tests.repeatOnce(weights, ballast) }
      let before = try residentBytes()
      for _ in 0..<1000 { try tests.repeatOnce(weights, ballast) }
      try #require(try residentBytes() - before < 200 << 20)
    }
  }

  private func repeatOnce(_ weights: Tensor, _ ballast: Tensor) throws {
    let leaf = weights.requiringGradient()
    _ = try Tensor.gradients(of: [outerLoss(leaf) + ballast.square().mean()], withRespectTo: [leaf])
    let y = try outerLoss(leaf) * ballast.exp().mean()
    try y.backward(createGraph: true)
    // A recorded gradient keeps its graph; so would the sum of all of them.
    ballast.clearGradient()
  }
}

private func residentBytes() throws -> Int {
  let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
  return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
}
