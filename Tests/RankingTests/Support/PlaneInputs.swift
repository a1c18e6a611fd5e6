import Interactions
import Tensors

@testable import Ranking

/// All that a score plane can hold, in float64, and the learnable margins of a loss: what a reference is a function of.
struct PlaneInputs {
  var positives: [Double]
  var negatives: [[Double]]
  var boundary: [Double]
  var itemScores: [[Double]]
  var userMargins: [Double]
  var itemMargins: [Double]
  let logProposal: [[Double]]
  let positiveLogProposal: [Double]
  let users: [Int32]
  /// `[B][1 + N]`
  let items: [[Int32]]
  let train: InteractionMatrix

  var rowCount: Int { positives.count }
  var negativeCount: Int { negatives[0].count }

  /// Random rows. All numbers are exact in float32.
  ///
  /// - Parameters:
  ///   - lattice: Whether scores stand on a lattice that keeps every difference of two of them, and so every hinge with a margin of
  ///     whole hundredths, at least 0.0025 away from its kink; else anywhere.
  ///   - shift: What is added to scores, but not to boundaries.
  init(rows: Int, negatives count: Int, lattice: Bool, shift: Double = 0, seed: UInt64) {
    var generator = RandomStream(seed: seed, purpose: "plane").generator()
    func score(_ offset: Double) -> Double {
      lattice
        ? Double(Float(Double(Int.random(in: -120..<120, using: &generator)) * 0.01 + offset))
        : Double(Float.random(in: -1.2..<1.2, using: &generator))
    }
    func grid(_ make: () -> Double) -> [[Double]] { (0..<rows).map { _ in (0..<count).map { _ in make() } } }
    positives = (0..<rows).map { _ in Double(Float(score(0.005) + shift)) }
    negatives = grid { Double(Float(score(0.0075) + shift)) }
    boundary = (0..<rows).map { _ in score(0.001) }
    itemScores = grid { score(0.002) }
    userMargins = (0..<4).map { _ in Double(Float(Double.random(in: 0...100, using: &generator).rounded() / 100)) }
    itemMargins = (0..<30).map { _ in Double(Float(Double.random(in: 0...100, using: &generator).rounded() / 100)) }
    logProposal = grid { Double(Float.random(in: -4..<0, using: &generator)) }
    positiveLogProposal = (0..<rows).map { _ in Double(Float.random(in: -4..<0, using: &generator)) }
    users = (0..<rows).map { _ in Int32.random(in: 0..<4, using: &generator) }
    items = (0..<rows).map { _ in (0...count).map { _ in Int32.random(in: 0..<30, using: &generator) } }
    train = randomInteractions(users: 4, items: 30, pairs: 30, seed: seed)
  }

  /// The same numbers on a plane.
  ///
  /// - Parameter only: Which of the optional parts the plane has.
  func batch(_ needs: PlaneCase.Parts) -> ScoreBatch {
    func floats(_ rows: [[Double]]) -> [[Float]] { rows.map { $0.map(Float.init) } }
    return ScoreBatch(
      positives: positives.map(Float.init), negatives: floats(negatives), users: users,
      extras: .init(
        items: items, boundary: needs.contains(.boundary) ? boundary.map(Float.init) : nil,
        logProposal: needs.contains(.proposal) ? floats(logProposal) : nil,
        positiveLogProposal: needs.contains(.proposal) ? positiveLogProposal.map(Float.init) : nil,
        itemScores: needs.contains(.itemScores) ? floats(itemScores) : nil))
  }

  /// Central differences of `function`, in the order of `ScoreBatch.Result.allGradients`, then of the margins.
  func differences(_ needs: PlaneCase.Parts, _ function: (PlaneInputs) -> Double) -> (
    scores: [Double], margins: [Double]
  ) {
    var copy = self
    let step = 1e-5
    func at(_ path: WritableKeyPath<PlaneInputs, Double>) -> Double {
      let value = copy[keyPath: path]
      copy[keyPath: path] = value + step
      let above = function(copy)
      copy[keyPath: path] = value - step
      let below = function(copy)
      copy[keyPath: path] = value
      return (above - below) / (2 * step)
    }
    func row(_ path: WritableKeyPath<PlaneInputs, [Double]>) -> [Double] {
      self[keyPath: path].indices.map { at(path.appending(path: \.[$0])) }
    }
    func grid(_ path: WritableKeyPath<PlaneInputs, [[Double]]>) -> [Double] {
      self[keyPath: path].indices.flatMap { row(path.appending(path: \.[$0])) }
    }
    var scores = row(\.positives) + grid(\.negatives)
    if needs.contains(.boundary) { scores += row(\.boundary) }
    if needs.contains(.itemScores) { scores += grid(\.itemScores) }
    return (scores, needs.contains(.margins) ? row(\.userMargins) + row(\.itemMargins) : [])
  }
}
