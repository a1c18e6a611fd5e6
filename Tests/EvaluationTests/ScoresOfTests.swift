import Interactions
import Ranking
import Tensors

@testable import Evaluation

// Both kinds of scores as tests write them.

func evaluate(
  _ scores: FactorScores, split: Split, part: EvaluationPart = .test, metrics: [Metric],
  mask: EvaluationMask = .automatic, pool: ThreadPool = .shared
) throws -> EvaluationResult {
  try evaluate(.factors(scores), split: split, part: part, metrics: metrics, mask: mask, pool: pool)
}

func evaluate(
  _ scores: FactorScores, relevant: InteractionMatrix, masked: InteractionMatrix?, metrics: [Metric]
) throws -> EvaluationResult {
  try evaluate(.factors(scores), relevant: relevant, masked: masked, metrics: metrics)
}

func evaluate(
  _ scores: ClosureScores, split: Split, part: EvaluationPart = .test, metrics: [Metric],
  mask: EvaluationMask = .automatic
) throws -> EvaluationResult {
  try evaluate(.source(scores), split: split, part: part, metrics: metrics, mask: mask)
}

func recommend(
  _ scores: FactorScores, users: [Int32], k: Int, excluding excluded: InteractionMatrix? = nil,
  pool: ThreadPool = .shared
) throws -> RankedLists {
  try recommend(.factors(scores), users: users, k: k, excluding: excluded, pool: pool)
}

func recommend(
  _ scores: ClosureScores, users: [Int32], k: Int, excluding excluded: InteractionMatrix? = nil
) throws -> RankedLists {
  try recommend(.source(scores), users: users, k: k, excluding: excluded)
}
