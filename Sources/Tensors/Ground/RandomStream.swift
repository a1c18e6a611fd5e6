/// Random numbers as a pure function of (seed, purpose, indices, position).
///
/// Nothing advances: `bits(at:)` of the same stream and position is the same number whichever thread asks, in whatever order.
/// A stream is made for each consumer from the experiment's seed, a purpose and, where it needs them, an epoch or a step.
///
/// The generator is SplitMix64's output function over a Weyl sequence (Steele, Lea, Flood, "Fast Splittable Pseudorandom
/// Number Generators", OOPSLA 2014) entered at any position. The kernels draw the same numbers in C (`kernel_random_*`).
public struct RandomStream: Sendable, Hashable {
  /// The stream's identity, all there is to it.
  public let key: UInt64

  public init(key: UInt64) { self.key = key }

  /// - Parameters:
  ///   - seed: The experiment's seed.
  ///   - purpose: What the numbers are for, such as `"negatives"`; different purposes never share numbers.
  ///   - indices: Further coordinates, such as the epoch.
  /// - Precondition: The purpose is not empty: without one, seed 1 index 2 and seed 2 index 1 would share their numbers.
  public init(seed: UInt64, purpose: StaticString, _ indices: Int...) {
    precondition(purpose.utf8CodeUnitCount > 0, "a random stream needs a purpose")
    var key = Self.mix(seed &+ Self.increment)
    purpose.withUTF8Buffer { for byte in $0 { key = Self.mix(key ^ UInt64(byte) &* Self.increment) } }
    for index in indices { key = Self.mix(key ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ Self.increment)) }
    self.key = key
  }

  static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 64 random bits.
  public func bits(at position: UInt64) -> UInt64 { Self.mix(key &+ (position &+ 1) &* Self.increment) }

  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  public func uniform(at position: UInt64) -> Float { Float(bits(at: position) >> 40) * 0x1p-24 }

  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  public func uniformDouble(at position: UInt64) -> Double { Double(bits(at: position) >> 11) * 0x1p-53 }

  /// Uniform in `0..<bound`; the bias of the multiply-shift reduction is below `bound` / 2⁶⁴.
  public func integer(below bound: Int, at position: UInt64) -> Int {
    Int(bits(at: position).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A stream within this one, for a further coordinate.
  public func substream(_ index: Int) -> RandomStream {
    RandomStream(key: Self.mix(key ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ Self.increment)))
  }

  /// The same numbers one after another, for the algorithms of the standard library (`shuffled(using:)`).
  public func generator() -> Generator { Generator(stream: self) }

  public struct Generator: RandomNumberGenerator, Sendable {
    let stream: RandomStream
    var position: UInt64 = 0

    public mutating func next() -> UInt64 {
      defer { position &+= 1 }
      return stream.bits(at: position)
    }
  }
}
