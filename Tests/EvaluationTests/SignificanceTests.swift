import Platform
import Tensors
import Testing

@testable import Evaluation

/// Tests of significance, against what SciPy 1.17.1 gives and against slow versions of themselves.
@Suite struct SignificanceTests {
  private let one = [0.31, 0.42, 0.5, 0.11, 0.93, 0.64, 0.27, 0.88, 0.35, 0.71, 0.49, 0.56]
  private let other = [0.29, 0.45, 0.41, 0.1, 0.85, 0.66, 0.2, 0.7, 0.36, 0.6, 0.46, 0.5]
  /// Without ties and zeros.
  private let distinct = [0.021, -0.033, 0.094, 0.012, 0.085, -0.026, 0.077, 0.181, -0.015, 0.118, 0.037, 0.066]
  /// 200 values with ties and two zeros.
  private let many = (1...200).map { Double($0 * 37 % 101 - 45) / 100 }

  private func isClose(_ value: Double?, _ wanted: Double, _ tolerance: Double = 1e-10) -> Bool {
    value.map { abs($0 - wanted) <= tolerance * abs(wanted) } ?? false
  }

  @Test(arguments: [
    (1.0, 1.0, 0.5), (5, 2.5, 0.05449009934237626), (30, 3.3, 0.002499307439798054),
    (1000, 1.96, 0.050273184955748736), (10, 40, 2.2808577430857535e-12), (29857, 4.2, 2.6768857478833908e-05),
  ])
  func tailsOfStudentsDistribution(freedom: Double, t: Double, wanted: Double) {
    #expect(isClose(Tail.student(t, freedom: freedom), wanted))
    #expect(Tail.student(-t, freedom: freedom) == Tail.student(t, freedom: freedom))
  }

  @Test(arguments: [
    (0.5, 0.5, 0.3, 0.36901011956554536), (2, 3, 0.4, 0.5248), (50, 0.5, 0.99, 0.3173043978741973),
    (500, 0.5, 0.999, 0.31731044730971725), (10, 10, 0.9, 0.9999960701176729),
  ])
  func incompleteBeta(a: Double, b: Double, x: Double, wanted: Double) {
    #expect(isClose(Tail.incompleteBeta(a, b, at: x, remainder: 1 - x), wanted, 1e-11))
  }

  @Test func studentsTest() {
    let test = PairedTests.student(zip(one, other).map { $0 - $1 })
    #expect(isClose(test?.t, 2.7798830456926718) && isClose(test?.p, 0.017907657137718504))
    let wide = PairedTests.student(many)
    #expect(isClose(wide?.t, 2.5138023624160364) && isClose(wide?.p, 0.012736300431387161))
  }

  @Test func studentsTestOfNoSpread() throws {
    #expect(PairedTests.student([]) == nil && PairedTests.student([1]) == nil)
    #expect(try #require(PairedTests.student([0, 0, 0])) == (0, 1))
    #expect(try #require(PairedTests.student([-2, -2])) == (-.infinity, 0))
  }

  @Test func wilcoxonsTest() {
    let exact = PairedTests.wilcoxon(distinct)
    #expect(exact?.statistic == 11 && isClose(exact?.p, 0.02685546875))
    #expect(PairedTests.wilcoxon([1, 2, 3, 4, 5])?.p == 0.0625 && PairedTests.wilcoxon([1, 2, 3, 4, -5])?.p == 0.625)
    let ties = PairedTests.wilcoxon([0, 1, 1, -1, 2, 2, -2, 3, 0, 4, 5, -3, 1, 2, 6, 7])
    #expect(ties?.statistic == 18.5 && isClose(ties?.p, 0.03191075162858845))
    let wide = PairedTests.wilcoxon(many)
    #expect(wide?.statistic == 7914 && isClose(wide?.p, 0.016450545324004813))
    #expect(
      PairedTests.wilcoxon([0, 0]) == nil && PairedTests.wilcoxon([]) == nil && PairedTests.wilcoxon([3])?.p == 1)
  }

  @Test func exactWilcoxonIsTheShareOfAllSigns() {
    var generator = RandomStream(seed: 5, purpose: "wilcoxon").generator()
    for count in 1...10 {
      let values = (0..<count).map { _ in Double.random(in: -1...1.5, using: &generator) }
      let sizes = values.map(abs).sorted()
      func ranks(_ signs: (Int) -> Bool) -> Int { values.indices.reduce(0) { $0 + (signs($1) ? $1 + 1 : 0) } }
      let positive = values.reduce(0) { $0 + ($1 > 0 ? sizes.firstIndex(of: $1)! + 1 : 0) }
      let total = count * (count + 1) / 2
      let least = min(positive, total - positive)
      let hits = (0..<(1 << count)).count { signs in
        let sum = ranks { signs >> $0 & 1 == 1 }
        return min(sum, total - sum) <= least
      }
      #expect(isClose(PairedTests.wilcoxon(values)?.p, Double(hits) / Double(1 << count)))
    }
  }

  @Test func permutationOfFewIsExact() {
    #expect(PairedTests.permutation(Array(distinct[..<8])) == 0.09375)
    #expect(PairedTests.permutation([0, 0, 0]) == 1 && PairedTests.permutation([]) == nil)
    #expect(PairedTests.permutation([1]) == 1)
  }

  @Test func permutationOfManyIsCloseToAllSigns() {
    // 200,000 rounds of SciPy's give 0.01326.
    let p = PairedTests.permutation(many, rounds: 20_000, seed: 1)
    #expect(p.map { abs($0 - 0.01326) < 0.003 } == true)
    let all = PairedTests.permutation(distinct, rounds: 1 << 12)!
    let drawn = PairedTests.permutation(distinct, rounds: 4000, seed: 2)!
    #expect(abs(all - drawn) < 0.01 && all != drawn)
    // Never 0, however sure.
    #expect(PairedTests.permutation([Double](repeating: 1, count: 70), rounds: 99) == 0.01)
  }

  @Test func bootstrapOfManyIsCloseToSciPys() throws {
    let interval = try #require(PairedTests.bootstrap(many, rounds: 20_000, seed: 1))
    #expect(abs(interval.lowerBound - 0.0115) < 0.002 && abs(interval.upperBound - 0.09215) < 0.002)
    let narrow = try #require(PairedTests.bootstrap(many, confidence: 0.5, rounds: 20_000, seed: 1))
    #expect(narrow.lowerBound > interval.lowerBound && narrow.upperBound < interval.upperBound)
    #expect(PairedTests.bootstrap([0.5, 0.5]) == 0.5...0.5 && PairedTests.bootstrap([]) == nil)
  }

  @Test func roundsHaveTheSameBitsAtAnyThreadCount() {
    let (single, double) = (ThreadPool(threadCount: 1), ThreadPool(threadCount: 2))
    #expect(
      PairedTests.permutation(many, rounds: 500, seed: 3, pool: single)
        == PairedTests.permutation(many, rounds: 500, seed: 3, pool: double))
    #expect(
      PairedTests.bootstrap(many, rounds: 500, seed: 3, pool: single)
        == PairedTests.bootstrap(many, rounds: 500, seed: 3, pool: double))
    #expect(
      PairedTests.bootstrap(many, rounds: 500, seed: 3) != PairedTests.bootstrap(many, rounds: 500, seed: 4))
  }

  @Test func holmsCorrection() {
    // By hand: 3 · 0.01, then 2 · 0.02, then 0.04, which may not be less than one before it.
    #expect(PairedTests.holm([0.02, 0.01, 0.04]) == [0.04, 0.03, 0.04])
    #expect(PairedTests.holm([0.5, 0.6]) == [1, 1] && PairedTests.holm([]) == [])
    let partly = PairedTests.holm([0.01, .nan, 0.03])
    #expect(partly[0] == 0.02 && partly[1].isNaN && partly[2] == 0.03)
  }

  @Test func sampleMoments() {
    #expect(SampleMoments([1, 2, 6]) == SampleMoments([6, 1, 2]))
    #expect(SampleMoments([1, 2, 6]).mean == 3 && isClose(SampleMoments([1, 2, 6]).deviation, 7.0.squareRoot()))
    #expect(SampleMoments([4]).deviation == 0 && SampleMoments([]).mean.isNaN)
  }
}
