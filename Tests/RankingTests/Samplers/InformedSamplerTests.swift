import Foundation
import Interactions
import Tensors
import Testing

@testable import Ranking

/// Samplers whose law is made of the model's rows: against exact probabilities in float64.
@Suite struct InformedSamplerTests {
  private let train = randomInteractions(users: 30, items: 25, pairs: 200, seed: 3)

  private func normalized(_ logs: [Double]) -> [Double] {
    let top = logs.max()!
    let total = logs.reduce(0) { $0 + exp($1 - top) }
    return logs.map { exp($0 - top) / total }
  }

  private func product(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func rows(_ values: [Float], _ width: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  /// ln q of every item, from what a sampler clusters by.
  private func logWeights(
    _ sampler: ClusterSampler, _ model: MatrixFactorization, _ user: Int, _ train: InteractionMatrix
  )
    -> [Double]
  {
    let clusters = sampler.law!.clusters!
    let centers = rows(clusters.centers, model.rowWidth)
    let userRow = rows(model.parameters.users, model.rowWidth)[user]
    let counts = train.itemCounts()
    return clusters.labels.values.enumerated().map { item, label in
      product(userRow, centers[Int(label)])
        + (sampler.members == .uniform ? 0 : log(pow(log(1 + Double(counts[item])), sampler.exponent)))
    }
  }

  private func law(_ logs: [Double], _ user: Int, excludes: Bool, _ train: InteractionMatrix) -> [Double] {
    normalized(
      logs.enumerated().map { excludes && train.contains(user: user, item: Int32($0)) ? -.infinity : $1 })
  }

  private func expectLaw(_ rows: [DrawnRow], _ user: Int, _ law: [Double], _ what: String = "") {
    let counts = rows.filter { $0.user == user }.counts(law.count)
    // Rare items together, so that each cell has some.
    let total = Double(counts.reduce(0, +))
    let rare = law.indices.filter { law[$0] > 0 && law[$0] * total < 5 }
    var cells = law.indices.filter { !rare.contains($0) }.map { (counts[$0], law[$0]) }
    cells.append((rare.reduce(0) { $0 + counts[$1] }, rare.reduce(0) { $0 + law[$1] }))
    #expect(total >= 1000)
    #expect(abs(chiSquareExcess(cells.map(\.0), cells.map(\.1))) < 6, "user \(user) \(what)")
  }

  // MARK: Golden vectors

  @Test(arguments: ["sampler.pris.a", "sampler.pris.b"], ClusterSampler.Members.allCases)
  func clustersAsTheGoldenVectorsSay(_ name: String, _ members: ClusterSampler.Members) throws {
    let golden = try Golden(name)
    let own = golden.integers("inputs.user_positives")
    let train = interactions(counts: golden.integers("inputs.item_counts").map(Int.init), ofFirstUser: own)
    let scores = golden.floats("inputs.user_cluster_scores")
    let sampler = ClusterSampler(
      count: Schedule(Double(20_000 / own.count + 1)),
      clustering: GivenClusters(
        labels: golden.integers("inputs.item_cluster"), centers: GivenClusters.units(scores.count)), members: members)
    var users = [[Float]](repeating: [Float](repeating: 0, count: scores.count), count: train.userCount)
    users[0] = scores
    let model = try modelOfRows(users: users, items: [[Float]](repeating: scores, count: train.itemCount))
    let drawnRows = try drawn(sampler, train, model: model, epochs: 10).flatMap { $0 }.filter { $0.user == 0 }
    let counts = drawnRows.counts(train.itemCount)
    #expect(counts.reduce(0, +) >= 200_000)
    let key = members == .uniform ? "CU" : "CP"
    #expect(abs(chiSquareExcess(counts, golden.numbers("expected.probability.\(key)"))) < 5)
    if members == .uniform {
      for wrong in ["CU_with_uncorrected_group_probability", "CU_with_literal_algorithm3_line10"] {
        #expect(chiSquareExcess(counts, golden.numbers("expected.must_not_be.\(wrong)")) > 20, "\(wrong)")
      }
    }
    let logs = golden.numbers("expected.log_q_unnormalised.CU")
    let popularity = golden.numbers("expected.popularity_f")
    for row in drawnRows.prefix(3) {
      let wanted = row.negatives.map { logs[Int($0)] + (members == .uniform ? 0 : log(popularity[Int($0)])) }
      expectClose(row.logProposal!, wanted, rtol: 1e-5, atol: 1e-6, "log proposal")
    }
  }

  @Test(arguments: ["sampler.pris.a", "sampler.pris.b"]) func exactAsTheGoldenVectorsSay(_ name: String) throws {
    let golden = try Golden(name)
    let own = golden.integers("inputs.user_positives")
    let train = interactions(counts: golden.integers("inputs.item_counts").map(Int.init), ofFirstUser: own)
    let scores = golden.floats("inputs.user_item_scores")
    var users = [[Float]](repeating: [Float](repeating: 0, count: scores.count), count: train.userCount)
    users[0] = scores
    let model = try modelOfRows(users: users, items: GivenClusters.units(scores.count))
    let sampler = ExactSampler(count: Schedule(Double(20_000 / own.count + 1)))
    let drawnRows = try drawn(sampler, train, model: model, epochs: 10).flatMap { $0 }.filter { $0.user == 0 }
    let counts = drawnRows.counts(train.itemCount)
    #expect(counts.reduce(0, +) >= 200_000)
    #expect(abs(chiSquareExcess(counts, golden.numbers("expected.probability.Exact"))) < 5)
    for row in drawnRows.prefix(3) {
      expectClose(row.logProposal!, row.negatives.map { scores[Int($0)] }, rtol: 1e-6, "log proposal")
    }
  }

  @Test(
    arguments: [
      "sampler.aobpr_std.a", "sampler.aobpr_std.b", "sampler.aobpr_variance_librec_option.a",
      "sampler.aobpr_variance_librec_option.b",
    ])
  func adaptiveAsTheGoldenVectorsSay(_ name: String) throws {
    let golden = try Golden(name)
    let own = golden.integers("inputs.user_positives")
    let items = try #require(golden.floatRows("inputs.item_factors"))
    let user = golden.floats("inputs.user_factor")
    // Two users: the second has one item, so that the first is not alone.
    let train = InteractionMatrix(
      userCount: 2, itemCount: items.count, users: own.map { _ in 0 } + [1], items: own + [0])
    let model = try modelOfRows(users: [user, user.map { -$0 }], items: items)
    func counts(_ excludes: Bool) throws -> [Int] {
      let sampler = AdaptiveSampler(
        count: Schedule(Double(20_000 / own.count + 1)), reach: try golden.number("parameters.lambda"),
        deviation: name.contains("variance") ? .variance : .standard, excludesPositives: excludes)
      return try drawn(sampler, train, model: model, epochs: 10).flatMap { $0 }.filter { $0.user == 0 }
        .counts(items.count)
    }
    let (free, kept) = (try counts(false), try counts(true))
    #expect(kept.reduce(0, +) >= 200_000)
    #expect(abs(chiSquareExcess(free, golden.numbers("expected.probability_before_rejection"))) < 5)
    #expect(abs(chiSquareExcess(kept, golden.numbers("expected.probability"))) < 5)
  }

  // MARK: Random catalogs

  @Test(arguments: ClusterSampler.Members.allCases, [true, false]) func clustersFollowTheirLaw(
    _ members: ClusterSampler.Members, _ excludes: Bool
  ) throws {
    for (clusters, deviation) in [(1, 1.0), (4, 1), (17, 0.6), (25, 1.5)] {
      let model = try randomModel(users: 30, items: 25, dim: 6, score: .dot, deviation: deviation)
      let sampler = ClusterSampler(
        count: 100, clustering: KMeansClustering(count: clusters, iterations: 50), members: members, exponent: 1.5,
        excludesPositives: excludes)
      let rows = try drawn(sampler, train, model: model, epochs: 6).flatMap { $0 }
      #expect(excludes != rows.contains { row in row.negatives.contains { train.contains(user: row.user, item: $0) } })
      for user in 0..<30 where train.items(of: user).count >= 4 {
        let logs = logWeights(sampler, model, user, train)
        expectLaw(rows, user, law(logs, user, excludes: excludes, train), "\(clusters) clusters")
        let row = rows.first { $0.user == user }!
        expectClose(row.logProposal!, row.negatives.map { logs[Int($0)] }, rtol: 1e-5, atol: 1e-5, "log proposal")
        expectClose(row.positiveLogProposal!, logs[Int(row.positive)], rtol: 1e-5, atol: 1e-5, "of the positive")
      }
    }
  }

  @Test(arguments: [true, false]) func exactFollowsTheSoftmax(_ excludes: Bool) throws {
    // More items than a block of the running sums has, and more users than a vector.
    let train = randomInteractions(users: 20, items: 600, pairs: 120, seed: 5)
    let model = try randomModel(users: 20, items: 600, dim: 5, score: .dot, deviation: 1)
    let sampler = ExactSampler(count: 800, excludesPositives: excludes)
    let drawnRows = try drawn(sampler, train, model: model, epochs: 4).flatMap { $0 }
    let (users, items) = (rows(model.parameters.users, 5), rows(model.parameters.items, 5))
    for user in 0..<20 where train.items(of: user).count >= 2 {
      let logs = items.map { product(users[user], $0) }
      expectLaw(drawnRows, user, law(logs, user, excludes: excludes, train))
    }
  }

  @Test(arguments: [0.7, 4, 500]) func adaptiveFollowsItsLaw(_ reach: Double) throws {
    var parameters = try randomModel(users: 30, items: 25, dim: 5, score: .dot).parameters
    // One user has no factor that counts, and one only factors that do not.
    for column in 0..<5 { parameters.users[3 * 5 + column] = 0 }
    for column in 0..<5 { parameters.users[4 * 5 + column] = column == 2 ? -1 : 0 }
    let model = try randomModel(users: 30, items: 25, dim: 5, score: .dot)
    try model.setParameters(parameters)
    let sampler = AdaptiveSampler(count: 100, reach: reach)
    let drawnRows = try drawn(sampler, train, model: model, epochs: 8).flatMap { $0 }
    let (users, items) = (rows(parameters.users, 5), rows(parameters.items, 5))
    let spreads = (0..<5).map { factor in
      let column = items.map { Double($0[factor]) }
      let mean = column.reduce(0, +) / 25
      return (column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 25).squareRoot()
    }
    for user in 0..<30 where train.items(of: user).count >= 4 || (user == 3 || user == 4) {
      guard train.items(of: user).count >= 2 else { continue }
      var factorWeights = (0..<5).map { abs(Double(users[user][$0])) * spreads[$0] }
      if factorWeights.allSatisfy({ $0 == 0 }) { factorWeights = factorWeights.map { _ in 1 } }
      var weights = [Double](repeating: 0, count: 25)
      for factor in 0..<5 {
        let order = (0..<25).sorted { items[$0][factor] > items[$1][factor] }
        for (rank, item) in (users[user][factor] > 0 ? order : order.reversed()).enumerated()
        where !train.contains(user: user, item: Int32(item)) {
          weights[item] += factorWeights[factor] / factorWeights.reduce(0, +) * exp(-Double(rank) / reach)
        }
      }
      expectLaw(drawnRows, user, weights.map { $0 / weights.reduce(0, +) }, "lambda \(reach)")
    }
  }

  /// Everything that stands high is the user's: a draw ends all the same, and by the same law.
  @Test func adaptiveFindsWhatStandsLow() throws {
    let items = (0..<60).map { [Float(60 - $0)] }
    let own = (0..<57).map { Int32($0) }
    let train = InteractionMatrix(userCount: 2, itemCount: 60, users: own.map { _ in 0 } + [1], items: own + [0])
    let model = try modelOfRows(users: [[1], [1]], items: items)
    let rows = try drawn(AdaptiveSampler(count: 300, reach: 0.8), train, model: model).flatMap { $0 }
    let weights = (0..<60).map { $0 < 57 ? 0 : exp(-Double($0 - 57) / 0.8) }
    expectLaw(rows, 0, weights.map { $0 / weights.reduce(0, +) })
  }

  // MARK: Extremes

  /// Far apart, in both directions, and far from 0.
  @Test(arguments: [1e4, -1e4] as [Float]) func scoresOfTenThousandAreNumbers(_ scale: Float) throws {
    let users = (0..<30).map { user in [scale, scale + Float(user % 3), 0.25] }
    let items = (0..<25).map { item in [1, Float(item % 5) * 1e-4, Float(item % 7)] as [Float] }
    let model = try modelOfRows(users: users, items: items)
    for sampler in [
      ClusterSampler(count: 60, clustering: KMeansClustering(count: 6, iterations: 50)),
      ClusterSampler(count: 60, clustering: KMeansClustering(count: 6, iterations: 50), members: .popularity),
    ] {
      let rows = try drawn(sampler, train, model: model, epochs: 4).flatMap { $0 }
      #expect(rows.allSatisfy { $0.logProposal!.allSatisfy(\.isFinite) })
      for user in 0..<30 where train.items(of: user).count >= 6 {
        let logs = logWeights(sampler, model, user, train)
        let law = law(logs, user, excludes: true, train)
        // Floats of ten thousand have steps of a thousandth.
        let counts = rows.filter { $0.user == user }.counts(25)
        let total = Double(counts.reduce(0, +))
        for item in 0..<25 {
          let gap = abs(Double(counts[item]) / total - law[item])
          #expect(gap < 0.05 && (law[item] > 0 || counts[item] == 0))
        }
      }
    }
    let rows = try drawn(ExactSampler(count: 50), train, model: model).flatMap { $0 }
    #expect(rows.allSatisfy { row in !row.negatives.contains { train.contains(user: row.user, item: $0) } })
  }

  /// A cluster that the user has all of, one with a single item left, and items that nobody has.
  @Test(arguments: ClusterSampler.Members.allCases) func fullClustersAreNeverDrawn(_ members: ClusterSampler.Members)
    throws
  {
    let labels = (0..<40).map { Int32($0 / 10) }
    // All of the first cluster, all but one of the second, all but the unpopular of the third; nobody has the fourth's last.
    let own = (0..<19).map { Int32($0) } + (20..<28).map { Int32($0) }
    var counts = [Int](repeating: 3, count: 40)
    (counts[28], counts[29], counts[39]) = (0, 0, 0)
    let train = interactions(counts: counts, ofFirstUser: own)
    var users = [[Float]](repeating: [0, 0, 0, 0], count: train.userCount)
    // The full cluster is by far the best.
    users[0] = [500, 1, 2, 0.5]
    let sampler = ClusterSampler(
      count: 400, clustering: GivenClusters(labels: labels, centers: GivenClusters.units(4)), members: members)
    let model = try modelOfRows(users: users, items: [[Float]](repeating: [0, 0, 0, 0], count: 40))
    let rows = try drawn(sampler, train, model: model, epochs: 3).flatMap { $0 }
    let logs = logWeights(sampler, model, 0, train)
    let law = law(logs, 0, excludes: true, train)
    #expect(members == .uniform || (law[28] == 0 && law[29] == 0))
    expectLaw(rows, 0, law)
    // The last batch's first row.
    let last = sampler.law!.users!
    let user = Int(last.users[Int(last.slots[0])])
    let weights = logWeights(sampler, model, user, train).enumerated().map { item, log in
      train.contains(user: user, item: Int32(item)) ? 0 : exp(log)
    }
    expectClose(sampler.logProposalTotal(row: 0, user: user), log(weights.reduce(0, +)), rtol: 1e-6, "total")
  }

  // MARK: Expected draws

  /// Corollary 4.3 over all rows; where little is left it is listed, and one draw is one negative.
  private func expectDraws(_ counter: DrawCounter, _ expected: (Int) -> Double) {
    let wanted = (0..<30).reduce(0.0) { $0 + Double(train.items(of: $1).count) * expected($1) } / Double(train.count)
    #expect(abs(Double(counter.drawn) / Double(counter.kept) / wanted - 1) < 0.01)
    #expect(wanted > 1.05)
  }

  @Test func acceptanceIsWhatTheCorollarySays() throws {
    func share(_ weights: [Double], _ user: Int, _ items: [Int]) -> Double {
      items.filter { train.contains(user: user, item: Int32($0)) }.reduce(0) { $0 + weights[$1] }
        / items.reduce(0) { $0 + weights[$1] }
    }
    func draws(_ share: Double) -> Double { share > 7.0 / 8 ? 1 : 1 / (1 - share) }
    let all = Array(0..<25)
    let ones = [Double](repeating: 1, count: 25)
    let popularity = train.itemCounts().map { log(1 + Double($0)) }
    let uniform = UniformSampler(count: 100, excludesPositives: true)
    _ = try drawn(uniform, train, epochs: 4)
    expectDraws(uniform.counter) { draws(share(ones, $0, all)) }
    let popular = PopularitySampler(count: 100, transform: .logarithm, excludesPositives: true)
    _ = try drawn(popular, train, epochs: 4)
    expectDraws(popular.counter) { draws(share(popularity, $0, all)) }
    for members in ClusterSampler.Members.allCases {
      let weights = members == .uniform ? ones : popularity
      let sampler = ClusterSampler(count: 100, clustering: KMeansClustering(count: 3), members: members)
      let model = try randomModel(users: 30, items: 25, dim: 4, score: .dot)
      _ = try drawn(sampler, train, model: model, epochs: 4)
      let labels = sampler.law!.clusters!.labels.values
      expectDraws(sampler.counter) { user in
        let law = law(logWeights(sampler, model, user, train), user, excludes: true, train)
        return (0..<3).reduce(0.0) { sum, cluster in
          let own = all.filter { labels[$0] == Int32(cluster) }
          let probability = own.reduce(0) { $0 + law[$1] }
          return probability == 0 ? sum : sum + probability * draws(share(weights, user, own))
        }
      }
    }
  }

  @Test(arguments: ["sampler.pris.a", "sampler.pris.b"]) func trialsOfTheGoldenVectors(_ name: String) throws {
    let golden = try Golden(name)
    let own = golden.integers("inputs.user_positives")
    // Of one user only: nobody else counts.
    let train = InteractionMatrix(
      userCount: 1, itemCount: golden.integers("inputs.item_counts").count, users: own.map { _ in 0 }, items: own)
    let sampler = UniformSampler(count: 20_000, excludesPositives: true)
    _ = try drawn(sampler, train)
    expectClose(
      Double(sampler.counter.drawn) / Double(sampler.counter.kept), try golden.number("expected.expected_trials.U"),
      rtol: 0.02)
    let scores = golden.floats("inputs.user_cluster_scores")
    let clustered = ClusterSampler(
      count: 20_000,
      clustering: GivenClusters(
        labels: golden.integers("inputs.item_cluster"), centers: GivenClusters.units(scores.count)))
    let model = try modelOfRows(users: [scores], items: [[Float]](repeating: scores, count: train.itemCount))
    _ = try drawn(clustered, train, model: model)
    expectClose(
      Double(clustered.counter.drawn) / Double(clustered.counter.kept),
      try golden.number("expected.expected_trials.CU"), rtol: 0.02)
  }
}
