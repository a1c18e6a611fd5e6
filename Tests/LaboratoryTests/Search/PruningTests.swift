import Tensors
import Testing

@testable import Laboratory

/// Which trials end early, held to the rules as the papers say them.
@Suite struct PruningTests {
  /// Curves with gaps, equal values and different lengths.
  private func curve(_ stream: RandomStream, epochs: Int) -> ReportedCurve {
    var curve = ReportedCurve()
    for epoch in 1...max(1, epochs) where stream.uniform(at: UInt64(epoch)) < 0.8 {
      curve.points.append((epoch, Double(stream.integer(below: 6, at: UInt64(1000 + epoch)))))
    }
    return curve
  }

  @Test(arguments: 0..<200) func halvingAgreesWithItsDefinition(_ round: Int) {
    let stream = RandomStream(seed: 1, purpose: "halving", round)
    let (first, factor) = (1 + stream.integer(below: 3, at: 0), 2 + stream.integer(below: 3, at: 1))
    let others = (0..<stream.integer(below: 12, at: 2)).map {
      curve(stream.substream($0), epochs: stream.integer(below: 40, at: UInt64(10 + $0)))
    }
    let whole = curve(stream.substream(100), epochs: 40)
    let rule = Pruning.halving(first: first, factor: factor)
    for count in 1...max(1, whole.points.count) where !whole.points.isEmpty {
      let own = ReportedCurve(points: Array(whole.points.prefix(count)))
      #expect(rule.goesOn(own, others: others) == plainHalving(own, others, first, factor))
    }
  }

  /// The rungs one after another; the last that a report reaches first counts.
  private func plainHalving(_ own: ReportedCurve, _ others: [ReportedCurve], _ first: Int, _ factor: Int) -> Bool {
    let last = own.points.last!
    if others.allSatisfy({ other in other.points.allSatisfy { $0.epoch <= last.epoch } }) { return true }
    var reached: Int?
    var rung = first
    while rung <= last.epoch {
      if own.points.filter({ $0.epoch >= rung }).count == 1 { reached = rung }
      rung *= factor
    }
    guard let reached else { return true }
    var there = [last.value]
    for other in others {
      if let point = other.points.first(where: { $0.epoch >= reached }) { there.append(point.value) }
    }
    there.sort(by: >)
    // Of so many, the best 1/factor, at least one; equal values go on together.
    let place = max(1, there.count / factor)
    return last.value >= there[place - 1]
  }

  @Test(arguments: 0..<200) func theMedianAgreesWithItsDefinition(_ round: Int) {
    let stream = RandomStream(seed: 2, purpose: "median", round)
    let (trials, after) = (1 + stream.integer(below: 4, at: 0), stream.integer(below: 5, at: 1))
    let others = (0..<stream.integer(below: 9, at: 2)).map {
      curve(stream.substream($0), epochs: 1 + stream.integer(below: 20, at: UInt64(10 + $0)))
    }.filter { !$0.points.isEmpty }
    let whole = curve(stream.substream(100), epochs: 20)
    for count in 1...max(1, whole.points.count) where !whole.points.isEmpty {
      let own = ReportedCurve(points: Array(whole.points.prefix(count)))
      #expect(
        Pruning.median(trials: trials, after: after).goesOn(own, others: others)
          == plainMedian(own, others, trials, after))
    }
  }

  private func plainMedian(_ own: ReportedCurve, _ others: [ReportedCurve], _ trials: Int, _ after: Int) -> Bool {
    let epoch = own.points.last!.epoch
    if epoch <= after || others.count < trials { return true }
    if others.flatMap(\.points).filter({ $0.epoch > epoch }).isEmpty { return true }
    var means: [Double] = []
    for other in others {
      var (sum, count) = (0.0, 0)
      for point in other.points where point.epoch <= epoch {
        sum += point.value
        count += 1
      }
      if count > 0 { means.append(sum / Double(count)) }
    }
    if means.isEmpty { return true }
    // Half of them or more are below or equal, half or more above or equal: the middle of all such places.
    means.sort()
    let median = (means[(means.count - 1) / 2] + means[means.count / 2]) / 2
    return !own.points.allSatisfy { $0.value < median }
  }

  @Test func nobodyToCompareWithIsGoneOnWith() {
    let curve = ReportedCurve(points: [(1, -5)])
    #expect(Pruning.halving(first: 1, factor: 3).goesOn(curve, others: []))
    #expect(Pruning.median(trials: 1, after: 0).goesOn(curve, others: []))
    #expect(Pruning.none.goesOn(curve, others: [ReportedCurve(points: [(1, 5)])]))
    let better = ReportedCurve(points: [(1, 5), (2, 5)])
    #expect(!Pruning.halving(first: 1, factor: 3).goesOn(curve, others: [better]))
    #expect(Pruning.halving(first: 2, factor: 3).goesOn(curve, others: [better]))
    // The last epoch of all saves nothing.
    let longer = ReportedCurve(points: [(1, -5), (2, -5)])
    #expect(Pruning.halving(first: 1, factor: 2).goesOn(longer, others: [better]))
    #expect(Pruning.median(trials: 1, after: 0).goesOn(longer, others: [better]))
  }

  // MARK: Importance

  @Test func sharesAreThoseOfTheAnalysisOfVariance() {
    // Two groups of two: S_between = 4, S_within = 1, S_total = 5, chance = 1 · 1 / 2.
    #expect(SettingImportance.share([[0, 1], [2, 3]]) == (5 - 1 - 0.5) / 5)
    #expect(SettingImportance.share([[0, 3], [1, 2]]) == 0)
    #expect(SettingImportance.share([[1, 1], [1, 1]]) == 0)
    #expect(SettingImportance.share([[1], [2], [3]]) == 0)
    #expect(SettingImportance.share([[1, 2, 3, 4]]) == 0)
    #expect(SettingImportance.share([[1, 1], [2, 2]]) == 1)
  }

  @Test func whatMattersComesFirstAndChanceHasNoShare() {
    let stream = RandomStream(seed: 9, purpose: "importance")
    let trials = (0..<200).map { index in
      let rate = stream.uniformDouble(at: UInt64(index))
      let kind = stream.integer(below: 3, at: UInt64(1000 + index))
      let idle = stream.uniformDouble(at: UInt64(2000 + index))
      return (
        settings: [
          (name: "idle", value: SearchValue.number(idle)), (name: "kind", value: .string("k\(kind)")),
          (name: "rate", value: .number(rate)),
        ], value: rate * 3 + Double(kind == 1 ? 1 : 0) + 0.1 * stream.normal(at: UInt64(3000 + index))
      )
    }
    let shares = SettingImportance.shares(trials, largerIsBetter: true)
    #expect(shares.map(\.name) == ["rate", "kind", "idle"])
    #expect(shares[0].share > 0.6 && (0.1...0.4).contains(shares[1].share) && shares[2].share < 0.05)
    #expect(shares[1].best == "k1" && shares[0].trials == 200)
    #expect(SettingImportance.shares(trials, largerIsBetter: false)[1].best != "k1")
  }
}
