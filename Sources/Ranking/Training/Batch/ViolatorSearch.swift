import Interactions
import Tensors

/// A search for the first candidate that scores above a positive's score - margin and that the user does not have.
struct ViolatorSearch: Sendable {
  let margin: Float
  /// Candidates of a row, at most.
  let trials: Int
  /// What users have, and how many items there are.
  let known: InteractionMatrix
  /// Whose numbers candidates are, those of row b from position `(firstPlace + b) << 20` on, as `UniformSampler` draws them.
  let stream: RandomStream
  let firstPlace: Int

  func candidate(_ row: Int, _ trial: Int) -> Int32 {
    let bits = stream.bits(at: (UInt64(firstPlace + row) << 20) + UInt64(trial / 2))
    let half = UInt32(truncatingIfNeeded: trial % 2 == 0 ? bits >> 32 : bits)
    return Int32((UInt64(half) * UInt64(known.itemCount)) >> 32)
  }
}

/// What a search found for each row of a batch.
struct Violators {
  /// The candidates, `[B]`; the last that was tried where none is one.
  var items: [Int32]
  /// How many were drawn until then, `[B]`; 0 where none is one.
  var trials: [Int32]

  init(rowCount: Int) {
    items = [Int32](repeating: 0, count: rowCount)
    trials = items
  }
}
