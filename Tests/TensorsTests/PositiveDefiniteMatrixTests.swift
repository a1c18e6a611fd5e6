import Testing

@testable import Tensors

/// Cholesky factors and inverses in tiles, against the definition.
@Suite struct PositiveDefiniteMatrixTests {
  /// R'R + 1 of three random rows: sizes on both sides of a tile's border, and several tiles.
  private func random(_ size: Int, pool: ThreadPool = .shared) throws -> (PositiveDefiniteMatrix, [[Double]]) {
    let stream = RandomStream(seed: 1, purpose: "matrix", size)
    let rows = (0..<3).map { row in (0..<size).map { stream.uniformDouble(at: UInt64(row * size + $0)) - 0.5 } }
    let matrix = try PositiveDefiniteMatrix(size: size, for: "a test", pool: pool)
    var full = [[Double]](repeating: [Double](repeating: 0, count: size), count: size)
    for a in 0..<size {
      for b in 0...a {
        full[a][b] = a == b ? 1 : 0
        for row in rows { full[a][b] += row[a] * row[b] }
        full[b][a] = full[a][b]
        matrix[a, b] = full[a][b]
      }
    }
    return (matrix, full)
  }

  private static let sizes = [1, 2, 17, 127, 128, 129, 256, 300]

  @Test(arguments: sizes) func theFactorTimesItsTransposeIsTheMatrix(_ size: Int) throws {
    let (matrix, full) = try random(size)
    try matrix.factorize()
    for a in Swift.stride(from: 0, to: size, by: 7) {
      for b in Swift.stride(from: 0, through: a, by: 5) {
        let product = (0...b).reduce(0.0) { $0 + matrix[a, $1] * matrix[b, $1] }
        #expect(abs(product - full[a][b]) < 1e-10)
      }
    }
  }

  @Test(arguments: sizes) func theInverseOfTheFactor(_ size: Int) throws {
    let (factor, inverse) = (try random(size).0, try random(size).0)
    try factor.factorize()
    try inverse.factorize()
    try inverse.invertFactor()
    for a in Swift.stride(from: 0, to: size, by: 7) {
      for b in Swift.stride(from: 0, through: a, by: 5) {
        let product = (b...a).reduce(0.0) { $0 + factor[a, $1] * inverse[$1, b] }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-10)
      }
    }
  }

  @Test(arguments: sizes) func theInverse(_ size: Int) throws {
    let (inverse, full) = try random(size)
    try inverse.invert()
    for a in Swift.stride(from: 0, to: size, by: 7) {
      for b in Swift.stride(from: 0, to: size, by: 5) {
        let product = (0..<size).reduce(0.0) { $0 + full[a][$1] * inverse[max($1, b), min($1, b)] }
        #expect(abs(product - (a == b ? 1 : 0)) < 1e-9)
      }
    }
  }

  @Test func theSameBitsAtAnyNumberOfThreads() throws {
    let results = try [1, 2, 3].map { count in
      let matrix = try random(400, pool: ThreadPool(threadCount: count)).0
      try matrix.invert()
      return (0..<400).flatMap { row in (0...row).map { matrix[row, $0].bitPattern } }
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test(arguments: [(3, 0, 0.0), (200, 130, -1), (200, 199, Double.nan), (5, 4, .infinity)])
  func whatIsNotPositiveDefinite(_ size: Int, _ row: Int, _ value: Double) throws {
    let matrix = try random(size).0
    matrix[row, row] = value
    #expect(throws: PositiveDefiniteMatrix.NotPositiveDefinite(row: row)) { try matrix.invert() }
  }

  @Test func workCanBeEnded() throws {
    struct Enough: Error {}
    var calls = 0
    try random(300).0.invert {
      calls += 1
    }
    #expect(calls == 9)
    for moment in 1...calls {
      var count = 0
      #expect(throws: Enough.self) {
        try random(300).0.invert {
          count += 1
          if count == moment { throw Enough() }
        }
      }
    }
  }
}
