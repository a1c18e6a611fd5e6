import Interactions
import Tensors

/// Triplets whose weights the loss has, and what is left to be said of them.
protocol WeighedTriplets: AnyObject {
  /// `[B]`
  var weights: [Float] { get }

  /// Whether `addGradients` has the losses' own derivatives of the tables' rows too, so that nobody else needs to find them.
  var coversScores: Bool { get }

  /// Adds what the weighted loss and L_c say, beside the losses' own derivatives unless it `coversScores`, and the network's gradient.
  func addGradients(to gradients: GradientSet) throws
}

/// A batch of triplets as a weighting sees it: its rows are up to date.
struct TripletBatch {
  let model: any RankingModel
  let users: RowGroups
  /// Places are those of `[B, 2]`.
  let items: RowGroups
  let userTable: Parameter
  let itemTable: Parameter
  /// Where the tables' rows do not score themselves.
  let encoding: TripletImportancePass.Encoding?
  let train: InteractionMatrix
  let position: TrainingPosition
  /// What each triplet's loss is multiplied by.
  let scale: Float
  /// Whether every item moves, with a gradient or without.
  let everyItemMoves: Bool
  let pool: ThreadPool
}
