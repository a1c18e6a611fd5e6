import Platform
import Testing

@testable import Tensors

@Suite struct RandomTests {
  private let stream = RandomStream(seed: 2019, purpose: "tests")

  /// Kolmogorov and Smirnov's distance of a sample from a distribution.
  private func distance(_ sample: [Float], _ distribution: (Double) -> Double) -> Double {
    let sorted = sample.sorted()
    let count = Double(sorted.count)
    return sorted.enumerated().reduce(0) { worst, entry in
      let probability = distribution(Double(entry.element))
      return max(
        worst, abs(probability - Double(entry.offset) / count), abs(Double(entry.offset + 1) / count - probability))
    }
  }

  /// The distance that one sample in ten thousand exceeds.
  private func bound(_ count: Int) -> Double { 2.225 / Double(count).squareRoot() }

  /// χ² of counts against equal expectation, in standard deviations from its mean.
  private func excess(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let chi = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    let freedom = Double(counts.count - 1)
    return (chi - freedom) / (2 * freedom).squareRoot()
  }

  @Test func kernelsDrawTheStreamsNumbers() throws {
    let uniform = try Tensor.uniform([70_001], stream: stream).elements()
    for position in [0, 1, 15, 16, 17, 32_767, 32_768, 65_536, 70_000] {
      #expect(uniform[position] == stream.uniform(at: UInt64(position)))
    }
  }

  @Test func uniformFillsAreUniform() throws {
    let x = try Tensor.uniform([200_000], from: -2, to: 3, stream: stream)
    #expect(try x.minimum().item() >= -2 && x.maximum().item() < 3)
    #expect(try distance(x.elements()) { ($0 + 2) / 5 } < bound(200_000))
    // Rounding must not reach the end of the range.
    #expect(
      try Tensor.uniform([100_000], from: 1, to: 1 + 2 * Float.ulpOfOne, stream: stream).maximum().item() < 1 + 2
        * .ulpOfOne)
    #expect(try Tensor.uniform([3], from: 2, to: 2, stream: stream).elements() == [2, 2, 2])
    #expect(throws: TensorError.self) { try Tensor.uniform([3], from: 2, to: 1, stream: stream) }
    #expect(throws: TensorError.self) { try Tensor.uniform([3], from: 0, to: .infinity, stream: stream) }
  }

  @Test func normalFillsAreNormal() throws {
    let x = try Tensor.normal([1_000_000], mean: 1, standardDeviation: 2, stream: stream)
    #expect(try distance(x.elements()) { 0.5 * erfc(-($0 - 1) / (2 * 2.0.squareRoot())) } < bound(1_000_000))
    #expect(try abs(x.mean().item() - 1) < 0.01)
    #expect(try abs(x.standardDeviation().item() - 2) < 0.01)
    // Tails: beyond 4 deviations are 63 in a million.
    let far = try ((x - 1) / 2).absolute().greater(than: Tensor(4)).sum().item()
    #expect((35...95).contains(far))
    #expect(try Tensor.normal([5], standardDeviation: 0, stream: stream).elements() == [0, 0, 0, 0, 0])
    #expect(throws: TensorError.self) { try Tensor.normal([3], standardDeviation: -1, stream: stream) }
  }

  @Test func neighborsAndStreamsAreUncorrelated() throws {
    let count = 1 << 18
    let one = try Tensor.normal([count], stream: stream)
    func correlation(_ other: Tensor) throws -> Float {
      try abs((one.slice([.range(to: other.count)]) * other).mean().item()) * Float(count).squareRoot()
    }
    for lag in [1, 2, 3, 16, 1024] { #expect(try correlation(one.slice([.range(from: lag)])) < 4.5) }
    for other in [
      stream.substream(0), stream.substream(1), RandomStream(seed: 2020, purpose: "tests"),
      RandomStream(seed: 2019, purpose: "test"), RandomStream(seed: 2019, purpose: "tests", 1),
      RandomStream(key: stream.key &+ 1), RandomStream(key: stream.key &+ RandomStream.increment &* 7919),
    ] { #expect(try correlation(Tensor.normal([count], stream: other)) < 4.5) }
  }

  @Test func xavierHasItsVariance() throws {
    let shape = [300, 500]
    let variance = Float(2.0 / 800)
    let uniform = try Tensor.xavierUniform(shape, stream: stream)
    #expect(try abs(uniform.variance().item() / variance - 1) < 0.02)
    #expect(try uniform.maximum().item() <= (6 / Float(800)).squareRoot())
    #expect(try abs(Tensor.xavierNormal(shape, gain: 2, stream: stream).variance().item() / (4 * variance) - 1) < 0.02)
    #expect(try abs(Tensor.xavierNormal([20, 30, 4, 5], stream: stream).variance().item() * 500 - 1) < 0.05)
    #expect(throws: TensorError.self) { try Tensor.xavierUniform([3], stream: stream) }
  }

  // MARK: RandomStream itself

  @Test func purposesSeedsAndIndicesMakeDistinctStreams() {
    var keys = Set<UInt64>()
    for seed in 0..<50 as Range<UInt64> {
      for purpose in ["a", "b", "ab", "ba", "negatives", "dropout"] as [StaticString] {
        keys.insert(RandomStream(seed: seed, purpose: purpose).key)
        for index in -3..<20 {
          keys.insert(RandomStream(seed: seed, purpose: purpose, index).key)
          keys.insert(RandomStream(seed: seed, purpose: purpose, index, 0).key)
          keys.insert(RandomStream(seed: seed, purpose: purpose, 0, index + 100).key)
        }
      }
    }
    #expect(keys.count == 50 * 6 * (1 + 3 * 23))
  }

  @Test func everyBitIsFair() {
    var ones = [Int](repeating: 0, count: 64)
    let count = 100_000
    for position in 0..<count {
      let bits = stream.bits(at: UInt64(position))
      for bit in 0..<64 where bits >> UInt64(bit) & 1 == 1 { ones[bit] += 1 }
    }
    for bit in 0..<64 {
      #expect(abs(Double(ones[bit]) - Double(count) / 2) < 4.5 * Double(count).squareRoot() / 2, "bit \(bit)")
    }
  }

  @Test func integersAreEquallyLikely() {
    for bound in [2, 3, 10, 1000] {
      var counts = [Int](repeating: 0, count: bound)
      for position in 0..<200_000 { counts[stream.integer(below: bound, at: UInt64(position))] += 1 }
      #expect(abs(excess(counts)) < 4.5, "below \(bound)")
    }
    #expect((0..<100).allSatisfy { stream.integer(below: 1, at: UInt64($0)) == 0 })
  }

  @Test func pairsOfStreamsAreIndependent() {
    // Joint counts of the numbers of two consumers at the same position, over many steps.
    var counts = [Int](repeating: 0, count: 256)
    for step in 0..<200 {
      let a = RandomStream(seed: 7, purpose: "negatives", step)
      let b = RandomStream(seed: 7, purpose: "dropout", step)
      for position in 0..<500 as Range<UInt64> {
        counts[a.integer(below: 16, at: position) * 16 + b.integer(below: 16, at: position)] += 1
      }
    }
    #expect(abs(excess(counts)) < 4.5)
  }

  @Test func firstNumbersOfConsecutiveEpochsAreUniform() {
    var counts = [Int](repeating: 0, count: 64)
    var parents = counts
    for index in 0..<100_000 {
      counts[RandomStream(seed: 1, purpose: "epoch", index).integer(below: 64, at: 0)] += 1
      parents[stream.substream(index).integer(below: 64, at: 0)] += 1
    }
    #expect(abs(excess(counts)) < 4.5 && abs(excess(parents)) < 4.5)
  }

  @Test func aGeneratorGivesTheStreamsBits() {
    var generator = stream.generator()
    #expect((0..<5).map { _ in generator.next() } == (0..<5).map { stream.bits(at: $0) })
    var again = stream.generator()
    #expect((0..<100).shuffled(using: &again).sorted() == Array(0..<100))
  }

  @Test func uniformsStayBelowOne() {
    #expect(Float(UInt64.max >> 40) * 0x1p-24 < 1 && Double(UInt64.max >> 11) * 0x1p-53 < 1)
    let values = (0..<10_000).map { stream.uniformDouble(at: UInt64($0)) }
    #expect(values.allSatisfy { (0..<1).contains($0) })
    #expect(abs(values.reduce(0, +) / 10_000 - 0.5) < 0.015)
  }
}
