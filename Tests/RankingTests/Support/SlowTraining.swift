import Interactions
import Tensors

@testable import Ranking

/// Training written to be obviously right: whole tables are tensors, a batch's scores are operations on them, each step differentiates
/// them anew, and a dense float64 optimizer moves every number.
///
/// Only the loss's derivative with respect to the scores is the loss's own.
struct SlowTraining {
  private let userCount: Int
  private let itemCount: Int
  private let dim: Int
  private let score: ScoreFunction
  private let boundary: Boundary.Kind?
  private let loss: Loss
  private let train: InteractionMatrix
  /// Users, items, the boundary and the loss's parameters, one after another.
  private(set) var optimizer: DenseOptimizer<Double>
  private let sizes: [Int]

  init(_ model: IdentityModel, _ optimizer: Optimizer, _ loss: Loss, _ train: InteractionMatrix) throws {
    (userCount, itemCount, dim, score) = (model.userCount, model.itemCount, model.dim, model.scoring.function!)
    boundary = model.boundary?.kind
    self.loss = loss
    self.train = train
    try loss.attach(to: train)
    let parameters = model.trainedParameters + loss.parameters
    sizes = parameters.map { $0.rowCount * $0.columnCount }
    self.optimizer = DenseOptimizer(optimizer, values: parameters.flatMap(\.currentValues))
  }

  private func part(_ number: Int, of values: [Double]) -> ArraySlice<Double> {
    let start = sizes[..<number].reduce(0, +)
    return values[start..<start + sizes[number]]
  }

  /// Users' and items' rows, `[users + items, dim]`.
  var rows: [Double] { Array(optimizer.values[..<(sizes[0] + sizes[1])]) }

  private var lossPlace: Int { boundary == nil ? 2 : 3 }

  /// Returns the loss.
  mutating func step(_ batch: GivenBatch, _ settings: GivenBatch.Settings) throws -> Double {
    let tables = try leaves()
    let outputs = try Outputs(batch, self, tables)
    let evaluation = try evaluate(batch, outputs)
    var gradient = try outputs.gradients(evaluation, of: tables).flatMap { $0.map(Double.init) }
    gradient += evaluation.parameters.flatMap { $0.gradient.map(Double.init) }
    regularize(&gradient, batch, evaluation, settings)
    if let clip = settings.clip {
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      gradient = gradient.map { $0 * min(1, clip / (norm + 1e-6)) }
    }
    optimizer.advance(gradient, rate: settings.rate, weightDecay: settings.weightDecay)
    try boundLossParameters()
    return evaluation.value
  }

  private func leaves() throws -> [Tensor] {
    let shapes = [[userCount, dim], [itemCount, dim]] + (boundary == nil ? [] : [[sizes[2]]])
    return try shapes.enumerated().map { number, shape in
      try Tensor(part(number, of: optimizer.values).map(Float.init), shape: shape).requiringGradient()
    }
  }

  /// The scores of a batch, recorded.
  private struct Outputs {
    let positive: Tensor
    let negative: Tensor
    let itemScores: Tensor
    var boundary: Tensor?

    init(_ batch: GivenBatch, _ training: SlowTraining, _ tables: [Tensor]) throws {
      let (rows, count) = (batch.users.count, batch.negatives[0].count)
      func taken(_ table: Tensor, _ list: [Int32], _ shape: [Int]) throws -> Tensor {
        try table.gather(list.map(Int.init)).reshaped(shape + [training.dim])
      }
      func scores(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        switch training.score {
        case .dot: try (a * b).sum(axes: [-1])
        case .cosine: try (a.normalized() * b.normalized()).sum(axes: [-1])
        case .euclidean: try -((a - b).square().sum(axes: [-1]))
        }
      }
      let users = try taken(tables[0], batch.users, [rows, 1])
      let positives = try taken(tables[1], batch.positives, [rows, 1])
      let negatives = try taken(tables[1], batch.negatives.flatMap { $0 }, [rows, count])
      positive = try scores(users, positives).reshaped([rows])
      negative = try scores(users, negatives)
      itemScores = try scores(positives, negatives)
      guard let kind = training.boundary else { return }
      if kind == .user {
        boundary = try tables[2].gather(batch.users.map(Int.init))
      } else {
        let scoring = try (training.score == .cosine ? users.normalized() : users).reshaped([rows, training.dim])
        let weights = try tables[2].narrowed(axis: 0, to: 0..<training.dim)
        let product = try (scoring * weights).sum(axes: [-1])
        boundary =
          kind == .linear ? product : try product + tables[2].narrowed(axis: 0, to: training.dim..<training.dim + 1)
      }
    }

    func gradients(_ evaluation: LossEvaluation, of tables: [Tensor]) throws -> [[Float]] {
      var outputs = [(positive, evaluation.positive), (negative, evaluation.negative)]
      if let gradient = evaluation.inputs[.itemScores] { outputs.append((itemScores, gradient)) }
      if let boundary, let gradient = evaluation.inputs[.boundary] { outputs.append((boundary, gradient)) }
      let found = try Tensor.gradients(
        of: outputs.map(\.0), withRespectTo: tables,
        outputGradients: outputs.map { try Tensor($0.1, shape: $0.0.shape) })
      return try zip(tables, found).map { table, gradient in
        try gradient?.elements() ?? [Float](repeating: 0, count: table.elements().count)
      }
    }
  }

  private func evaluate(_ batch: GivenBatch, _ outputs: Outputs) throws -> LossEvaluation {
    var scores = try LossEvaluation.Scores(
      positive: outputs.positive.elements(), negative: outputs.negative.elements())
    scores.inputs[.itemScores] = try outputs.itemScores.elements()
    scores.inputs[.boundary] = try outputs.boundary?.elements()
    scores.users = batch.users
    scores.positiveItems = batch.positives
    scores.negativeItems = batch.negatives.flatMap { $0 }
    return try LossEvaluation(of: loss, on: scores, train: train, step: optimizer.step + 1)
  }

  private func regularize(
    _ gradient: inout [Double], _ batch: GivenBatch, _ evaluation: LossEvaluation, _ settings: GivenBatch.Settings
  ) {
    guard let (weight, scope) = settings.regularization else { return }
    let touched = Set(batch.users.map(Int.init)).union(touchedItems(batch, evaluation).map { userCount + $0 })
    for row in 0..<userCount + itemCount where scope == .tables || touched.contains(row) {
      for i in row * dim..<(row + 1) * dim { gradient[i] += weight * optimizer.values[i] }
    }
  }

  /// Items with a score whose derivative is not 0.
  private func touchedItems(_ batch: GivenBatch, _ evaluation: LossEvaluation) -> Set<Int> {
    var touched: Set<Int> = []
    let count = batch.negatives[0].count
    for (row, positive) in batch.positives.enumerated() {
      if evaluation.positive[row] != 0 { touched.insert(Int(positive)) }
      for (slot, negative) in batch.negatives[row].enumerated() {
        if evaluation.negative[row * count + slot] != 0 { touched.insert(Int(negative)) }
        if let between = evaluation.inputs[.itemScores]?[row * count + slot], between != 0 {
          touched.formUnion([Int(positive), Int(negative)])
        }
      }
    }
    return touched
  }

  /// Brings the loss's parameters into their bounds, and gives them to the loss.
  private mutating func boundLossParameters() throws {
    for (number, parameter) in loss.parameters.enumerated() {
      let values = part(lossPlace + number, of: optimizer.values)
      if let bounds = parameter.bounds {
        for i in values.indices {
          optimizer.values[i] = min(max(optimizer.values[i], Double(bounds.lowerBound)), Double(bounds.upperBound))
        }
      }
      try parameter.setValues(part(lossPlace + number, of: optimizer.values).map(Float.init))
    }
  }
}
