import Platform
import Testing

@testable import Tensors

/// The vectorized functions against the C library in double precision, over floats of every exponent.
@Suite struct VectorMathTests {
  /// Every 4099th float by its bits: all signs, exponents, denormals, infinities and many (quiet) NaN.
  private static let everyExponent: [Float] = stride(from: UInt64(0), to: 1 << 32, by: 4099).map {
    Float(bitPattern: UInt32($0))
  }.filter { !$0.isSignalingNaN }

  /// Distance in units in the last place of the true result.
  private func error(_ got: Float, _ want: Double) -> Double {
    let rounded = Float(want)
    if rounded.isNaN || got.isNaN { return rounded.isNaN == got.isNaN ? 0 : .infinity }
    if rounded.isInfinite || got.isInfinite { return rounded == got ? 0 : .infinity }
    return abs(Double(got) - want) / Double(max(Float(abs(want)), .leastNormalMagnitude).ulp)
  }

  private func check(
    below limit: Double, _ function: (Tensor) throws -> Tensor, _ reference: (Double) -> Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let results = try function(Tensor(Self.everyExponent)).elements()
    var worst = (error: 0.0, input: Float(0))
    for (input, result) in zip(Self.everyExponent, results) {
      let error = error(result, reference(Double(input)))
      if error > worst.error { worst = (error, input) }
    }
    #expect(
      worst.error < limit, "\(worst.error) units in the last place at \(worst.input)", sourceLocation: sourceLocation)
  }

  @Test func exponentialsAndLogarithmsAreAccurate() throws {
    try check(below: 1.1, { try $0.exp() }, { Platform.exp($0) })
    try check(below: 1.0, { try $0.log() }, { Platform.log($0) })
    try check(below: 1.5, { try $0.log1p() }, { Platform.log1p($0) })
  }

  @Test func functionsOfLossesAreAccurate() throws {
    let softplus = { (x: Double) in Swift.max(x, 0) + Platform.log1p(Platform.exp(-Swift.abs(x))) }
    try check(below: 1.8, { try $0.softplus() }, { $0.isNaN ? .nan : softplus($0) })
    try check(below: 1.8, { try $0.logSigmoid() }, { $0.isNaN ? .nan : -softplus(-$0) })
    try check(below: 2.5, { try $0.sigmoid() }, { 1 / (1 + Platform.exp(-$0)) })
    try check(below: 1.5, { try $0.tanh() }, { Platform.tanh($0) })
  }

  @Test func sinesAndCosinesAreAccurate() throws {
    // Absolute: near a multiple of pi the units are too small for a float32 argument to matter.
    let angles = try Tensor.arange(from: -20_000, to: 20_000, by: 0.173)
    for (angle, (sine, cosine)) in zip(
      try angles.elements(), zip(try angles.sin().elements(), try angles.cos().elements()))
    {
      #expect(
        abs(Double(sine) - Platform.sin(Double(angle))) < 1.2e-7
          && abs(Double(cosine) - Platform.cos(Double(angle))) < 1.2e-7
      )
    }
    try check(
      below: 2, { try $0.clamped(-3, 3).sin() }, { $0.isNaN ? .nan : Platform.sin(Swift.min(3, Swift.max(-3, $0))) })
    #expect(try Tensor([.infinity, .nan]).sin().elements().allSatisfy(\.isNaN))
    #expect(try Tensor([1e30]).cos().item() == cosf(1e30))
  }

  @Test func squareRootsAreExact() throws { try check(below: 0.501, { try $0.squareRoot() }, { $0.squareRoot() }) }

  @Test(arguments: [-3.5, -2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 7, 100.25] as [Float])
  func powersAreAccurate(exponent: Float) throws {
    try check(below: 1, { try $0.power(exponent) }, { Platform.pow($0, Double(exponent)) })
  }

  @Test func edgesOfPowersAreThoseOfC() throws {
    let denormal = Float.leastNonzeroMagnitude * 700
    let values: [Float] = [
      0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, .infinity, -.infinity, .nan, denormal, -denormal, 3e38, 16_777_215, 1e30,
    ]
    let column = try Tensor(values).reshaped([values.count, 1])
    let got = try column.power(Tensor(values)).rows()
    for (row, base) in values.enumerated() {
      for (place, exponent) in values.enumerated() {
        let want = powf(base, exponent)
        #expect(error(got[row][place], Double(want)) <= 1, "\(base) ^ \(exponent) is \(want), got \(got[row][place])")
      }
    }
  }

  @Test func namedValuesAreExact() throws {
    #expect(try Tensor([0, -0.0, 1, .infinity, -.infinity]).exp().elements() == [1, 1, Float(M_E), .infinity, 0])
    #expect(try Tensor([0, -0.0, 1, .infinity]).log().elements() == [-.infinity, -.infinity, 0, .infinity])
    #expect(try Tensor([-1, -.infinity]).log().elements().allSatisfy(\.isNaN))
    #expect(try Tensor([-1, 0, .infinity, 1e-20]).log1p().elements() == [-.infinity, 0, .infinity, 1e-20])
    #expect(try Tensor([0, -1e4, 1e4, .infinity]).softplus().elements() == [Float(M_LN2), 0, 1e4, .infinity])
    #expect(try Tensor([0, .infinity, -.infinity, 40]).sigmoid().elements() == [0.5, 1, 0, 1])
    #expect(try Tensor([-.infinity, -30, 0, 30, .infinity]).tanh().elements() == [-1, -1, 0, 1, 1])
  }

  @Test func resultsDoNotDependOnThePlaceInAVector() throws {
    // The last, incomplete vector and strided operands go through the same arithmetic as the rest.
    let values = try Tensor.normal([203], standardDeviation: 3, stream: RandomStream(seed: 5, purpose: "places"))
    let functions: [(Tensor) throws -> Tensor] = [
      { try $0.exp() }, { try $0.absolute().log() }, { try $0.softplus() }, { try $0.tanh() }, { try $0.sigmoid() },
      { try $0.power(3) }, { try $0.power(Tensor(1.7)) },
    ]
    for function in functions {
      let whole = try function(values).elements().map(\.bitPattern)
      for start in [1, 5, 17, 190] {
        let part = try function(values.slice([.range(from: start)])).elements().map(\.bitPattern)
        #expect(part == Array(whole[start...]))
      }
      let odd = try function(values.slice([.range(from: 1, step: 2)])).elements().map(\.bitPattern)
      #expect(odd == stride(from: 1, to: 203, by: 2).map { whole[$0] })
    }
  }
}
