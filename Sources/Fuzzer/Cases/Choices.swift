import Tensors

/// The random choices of one case: a pure function of the seed and the case's number.
struct Choices {
  private var generator: RandomStream.Generator

  init(seed: UInt64, number: Int) {
    generator = RandomStream(seed: seed, purpose: "fuzzing", number).generator()
  }

  /// Uniform in `0..<bound`.
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

  mutating func within(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < probability }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  mutating func bits() -> UInt64 { generator.next() }

  /// Small numbers mostly, sometimes large ones: about half of the results are below 4.
  mutating func size(atMost most: Int) -> Int { min(most, below(1 << within(1...5))) }
}
