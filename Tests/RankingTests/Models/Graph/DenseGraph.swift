import Interactions
import Tensors

@testable import Ranking

/// LightGCN's propagation in float64, with the matrix of all nodes written out.
struct DenseGraph {
  /// A, `[nodes][nodes]`: users, then items.
  let matrix: [[Double]]
  let weights: [Double]
  let userCount: Int

  init(_ train: InteractionMatrix, _ normalization: GraphNormalization, weights: [Double]) {
    self.weights = weights
    userCount = train.userCount
    let nodes = train.userCount + train.itemCount
    var edges = [[Double]](repeating: [Double](repeating: 0, count: nodes), count: nodes)
    for user in 0..<train.userCount {
      for item in train.items(of: user) {
        edges[user][train.userCount + Int(item)] = 1
        edges[train.userCount + Int(item)][user] = 1
      }
    }
    if normalization == .row { for node in 0..<nodes { edges[node][node] = 1 } }
    let degrees = edges.map { $0.reduce(0, +) }
    matrix = (0..<nodes).map { row in
      (0..<nodes).map { column in
        guard edges[row][column] != 0 else { return 0 }
        return normalization == .row ? 1 / degrees[row] : 1 / (degrees[row] * degrees[column]).squareRoot()
      }
    }
  }

  private func sum(_ rows: [[Double]], transposed: Bool) -> [[Double]] {
    var layer = rows
    var result = rows.map { $0.map { $0 * weights[0] } }
    for weight in weights.dropFirst() {
      layer = product(layer, transposed: transposed)
      for node in rows.indices {
        for column in rows[node].indices { result[node][column] += weight * layer[node][column] }
      }
    }
    return result
  }

  private func product(_ rows: [[Double]], transposed: Bool) -> [[Double]] {
    rows.indices.map { node in
      var sum = [Double](repeating: 0, count: rows[0].count)
      for other in rows.indices {
        let entry = transposed ? matrix[other][node] : matrix[node][other]
        guard entry != 0 else { continue }
        for column in sum.indices { sum[column] += entry * rows[other][column] }
      }
      return sum
    }
  }

  /// From the rows of all nodes to what comes out.
  func propagate(_ rows: [[Double]]) -> [[Double]] { sum(rows, transposed: false) }
  /// From the gradient of what comes out to that of the rows.
  func differentiate(_ gradient: [[Double]]) -> [[Double]] { sum(gradient, transposed: true) }
}

/// Training of a LightGCN in float64 with whole matrices: every batch propagates all rows and moves every row.
struct SlowGraphTraining {
  let graph: DenseGraph
  private let loss: LossCase
  private let dim: Int
  private let isLazy: Bool
  private(set) var optimizer: DenseOptimizer<Double>
  /// Of the last step.
  private(set) var gradient: [Double] = []

  init(_ model: LightGCN, _ train: InteractionMatrix, _ optimizer: Optimizer, _ loss: LossCase) throws {
    graph = DenseGraph(
      train, model.configuration.normalization, weights: try model.configuration.weights().map(Double.init))
    self.loss = loss
    dim = model.dim
    if case .adam(let options) = optimizer.method { isLazy = !options.dense } else { isLazy = false }
    self.optimizer = DenseOptimizer(optimizer, values: model.users.currentValues + model.items.currentValues)
  }

  private func rows(_ values: [Double]) -> [[Double]] {
    stride(from: 0, to: values.count, by: dim).map { Array(values[$0..<$0 + dim]) }
  }

  /// - Parameter masks: Factors of dropout of each number of the tables.
  func loss(_ batch: GivenBatch, masks: [Double]? = nil) -> Double {
    let scores = scores(batch, masks)
    return loss.reference(scores.positives, scores.negatives, batch.users)
  }

  private func masked(_ values: [Double], _ masks: [Double]?) -> [Double] {
    masks.map { zip(values, $0).map(*) } ?? values
  }

  private func scores(_ batch: GivenBatch, _ masks: [Double]?) -> (positives: [Double], negatives: [[Double]]) {
    let out = graph.propagate(rows(masked(optimizer.values, masks)))
    func score(_ row: Int, _ item: Int32) -> Double {
      zip(out[Int(batch.users[row])], out[graph.userCount + Int(item)]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return (
      batch.positives.enumerated().map { score($0, $1) },
      batch.negatives.enumerated().map { row, items in items.map { score(row, $0) } }
    )
  }

  mutating func step(_ batch: GivenBatch, _ settings: GivenBatch.Settings, masks: [Double]? = nil) {
    var gradient = masked(rowGradient(batch, masks), masks)
    if let (weight, scope) = settings.regularization { regularize(&gradient, batch, weight, scope) }
    if let clip = settings.clip {
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      gradient = gradient.map { $0 * min(1, clip / (norm + 1e-6)) }
    }
    self.gradient = gradient
    let moving = stride(from: 0, to: gradient.count, by: dim).map { $0..<$0 + dim }
      .filter { range in gradient[range].contains { $0 != 0 } }
    optimizer.advance(
      gradient, rate: settings.rate, weightDecay: settings.weightDecay, rows: isLazy ? moving : nil)
  }

  /// The derivative with respect to the rows that are propagated.
  private func rowGradient(_ batch: GivenBatch, _ masks: [Double]?) -> [Double] {
    let out = graph.propagate(rows(masked(optimizer.values, masks)))
    let scores = scores(batch, masks)
    var atOut = out.map { [Double](repeating: 0, count: $0.count) }
    for (row, user) in batch.users.enumerated() {
      for (slot, item) in ([batch.positives[row]] + batch.negatives[row]).enumerated() {
        let slope = slope(batch, scores, row, slot)
        let (a, b) = (Int(user), graph.userCount + Int(item))
        for column in 0..<dim {
          atOut[a][column] += slope * out[b][column]
          atOut[b][column] += slope * out[a][column]
        }
      }
    }
    return graph.differentiate(atOut).flatMap { $0 }
  }

  /// The derivative of the loss with respect to one score, by differences.
  private func slope(
    _ batch: GivenBatch, _ scores: (positives: [Double], negatives: [[Double]]), _ row: Int, _ slot: Int
  ) -> Double {
    func moved(_ by: Double) -> Double {
      var (positives, negatives) = scores
      if slot == 0 { positives[row] += by } else { negatives[row][slot - 1] += by }
      return loss.reference(positives, negatives, batch.users)
    }
    return (moved(1e-5) - moved(-1e-5)) / 2e-5
  }

  private func regularize(
    _ gradient: inout [Double], _ batch: GivenBatch, _ weight: Double, _ scope: Regularization.Scope
  ) {
    let rows = Double(batch.users.count)
    func add(_ weight: Double, _ node: Int) {
      for place in node * dim..<(node + 1) * dim { gradient[place] += weight * optimizer.values[place] }
    }
    let lookedUp =
      batch.users.map(Int.init) + (batch.positives + batch.negatives.flatMap { $0 }).map { graph.userCount + Int($0) }
    switch scope {
    case .batch: for node in lookedUp { add(weight, node) }
    case .batchMean: for node in lookedUp { add(weight / rows, node) }
    case .perSample: for node in lookedUp { add(2 * weight / rows, node) }
    case .tables: for node in graph.matrix.indices { add(weight, node) }
    case .tablesTouched:
      let touched = graph.matrix.indices.filter { gradient[$0 * dim..<($0 + 1) * dim].contains { $0 != 0 } }
      for node in touched { add(weight, node) }
    }
  }
}
