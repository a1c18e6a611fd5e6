import Tensors

/// What a loss does with the weights of a batch.
public enum LossWeighing {
  /// The value and all derivatives of a row belong to that row alone: they are multiplied by its weight once they are there.
  case scaleRows
  /// It reads these itself.
  case read(Set<Channel>)
  /// Rows have no parts of their own.
  case none
}

/// A loss whose rows, or the terms of whose negatives, are multiplied by weights.
struct WeightedLoss {
  private enum Way {
    case plain
    case rows(UnsafePointer<Float>)
    case triplets(TripletPlane, factor: Float)
  }

  let loss: any Loss
  private let plane: ScorePlane
  private let way: Way

  /// Weighs what a plane has weights for; without any it is the loss.
  ///
  /// - Throws: `TrainingError` for a weight that is no number from 0, and for a loss that cannot take them; `MemoryError`.
  init(_ loss: any Loss, _ plane: ScorePlane) throws {
    self.loss = loss
    self.plane = plane
    guard let channel = [Channel.weight, .tripletWeight].first(where: { plane[$0] != nil }) else {
      way = .plain
      return
    }
    let weights = plane[channel]!
    try Self.check(weights, channel, plane)
    switch loss.weighing {
    case .read(let own) where own.contains(channel): way = .plain
    case .scaleRows where channel == .weight: way = .rows(weights)
    default:
      guard channel == .tripletWeight, let factor = loss.tripletFactor(negativeCount: plane.negativeCount) else {
        throw Self.refusal(loss, channel)
      }
      way = .triplets(try TripletPlane(plane, weights), factor: factor)
    }
  }

  private static func refusal(_ loss: any Loss, _ channel: Channel) -> TrainingError {
    channel == .weight
      ? .setting(
        "loss '\(loss.name)' is no sum over positives, so that a weight of each has no meaning for it; write a loss in Lua that "
          + "reads s.weight")
      : .setting(
        "loss '\(loss.name)' takes no weight [B, N] of each triplet: its terms are not one for each negative; give a weight [B] of "
          + "each positive, or take a pairwise loss: bpr, hinge, triplet, weighted_bpr, rce_bpr, tce_bpr, or one in Lua that reads "
          + "s.triplet_weight")
  }

  private static func check(_ weights: UnsafePointer<Float>, _ channel: Channel, _ plane: ScorePlane) throws {
    let columns = channel.columns(negativeCount: plane.negativeCount)
    guard let place = (0..<plane.rowCount * columns).first(where: { !(0..<Float.infinity).contains(weights[$0]) })
    else {
      return
    }
    let row = place / columns
    throw TrainingError.setting(
      "the weight of row \(row + 1) of the batch, user number \(plane.users[row] + 1)"
        + (columns > 1 ? ", negative \(place % columns + 1)" : "")
        + ", is \(weights[place].isNaN ? "nan" : "\(weights[place])"); want a number from 0")
  }

  func evaluate(_ rows: Range<Int>) {
    switch way {
    case .plain: loss.evaluate(plane, rows: rows)
    case .rows(let weights):
      loss.evaluate(plane, rows: rows)
      plane.scale(rows, by: weights)
    case .triplets(let triplets, let factor):
      triplets.load(rows)
      loss.evaluate(triplets.plane, rows: triplets.rows(rows))
      triplets.fold(rows, factor)
    }
  }

  func evaluateBatch() throws {
    let rows = 0..<plane.rowCount
    switch way {
    case .plain: try loss.evaluateBatch(plane)
    case .rows(let weights):
      try loss.evaluateBatch(plane)
      plane.scale(rows, by: weights)
    case .triplets(let triplets, let factor):
      triplets.load(rows)
      try loss.evaluateBatch(triplets.plane)
      triplets.fold(rows, factor)
    }
  }
}

extension ScorePlane {
  /// Multiplies what the loss wrote of some rows by a weight of each.
  fileprivate func scale(_ rows: Range<Int>, by weights: UnsafePointer<Float>) {
    for row in rows { scale(row, by: weights[row]) }
  }

  /// Multiplies the value of a row and all its derivatives.
  func scale(_ row: Int, by weight: Float) {
    values[row] *= Double(weight)
    for slot in row * width..<(row + 1) * width { gradients[slot] *= weight }
    for channel in Channel.inputs {
      guard let derivatives = self[gradients: channel] else { continue }
      let columns = channel.columns(negativeCount: negativeCount)
      for place in row * columns..<(row + 1) * columns { derivatives[place] *= weight }
    }
  }
}

/// A batch of B positives with N negatives each as one of B N positives with a negative each, so that each has a value and a derivative
/// of its own.
final class TripletPlane {
  private let whole: ScorePlane
  private let weights: UnsafePointer<Float>
  private let scores: AlignedBuffer<Float>
  private let gradients: AlignedBuffer<Float>
  private let values: AlignedBuffer<Double>
  let plane: ScorePlane

  /// - Throws: `MemoryError`.
  init(_ whole: ScorePlane, _ weights: UnsafePointer<Float>) throws {
    self.whole = whole
    self.weights = weights
    let count = whole.rowCount * whole.negativeCount
    let purpose = "the triplets of \(whole.rowCount) positives with \(whole.negativeCount) negatives each"
    scores = try AlignedBuffer(count: 2 * count, repeating: 0, for: purpose)
    gradients = try AlignedBuffer(count: 2 * count, repeating: 0, for: purpose)
    values = try AlignedBuffer(count: count, repeating: 0, for: purpose)
    // No pairwise loss reads users or items.
    plane = ScorePlane(
      rowCount: count, negativeCount: 1, users: whole.users, scores: scores.base, gradients: gradients.base,
      values: values.base)
  }

  /// Where the triplets of some rows are.
  func rows(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound * whole.negativeCount..<rows.upperBound * whole.negativeCount
  }

  func load(_ rows: Range<Int>) {
    let count = whole.negativeCount
    for row in rows {
      let (positive, negatives) = (whole.positive(row), whole.negatives(row))
      for slot in 0..<count {
        scores[2 * (row * count + slot)] = positive
        scores[2 * (row * count + slot) + 1] = negatives[slot]
      }
    }
  }

  /// Adds up what the loss wrote of the triplets, each with its weight, times `factor`.
  func fold(_ rows: Range<Int>, _ factor: Float) {
    let count = whole.negativeCount
    for row in rows {
      var (value, slope) = (0.0, 0.0)
      for slot in 0..<count {
        let place = row * count + slot
        let weight = weights[place] * factor
        value += Double(weight) * values[place]
        slope += Double(weight) * Double(gradients[2 * place])
        whole.negativeGradients(row)[slot] = weight * gradients[2 * place + 1]
      }
      whole.values[row] = value
      whole.positiveGradient(row).pointee = Float(slope)
    }
  }
}
