import Testing

@testable import Ranking

/// A traced loss with the native one that it must equal.
struct TracedLossCase: Sendable, CustomTestStringConvertible {
  let name: String
  let native: @Sendable () throws -> Loss
  let traced: @Sendable (LossTrace) throws -> TracedValue
  var testDescription: String { name }

  static let all: [TracedLossCase] = [
    TracedLossCase(
      name: "bpr", native: { BPRLoss() }, traced: { s in try (s.negative - s.positive).softplus().mean() }),
    TracedLossCase(
      name: "bpr, summed",
      native: {
        let loss = BPRLoss()
        loss.reduction = .sum
        return loss
      }, traced: { s in try (s.negative - s.positive).softplus().mean(.negatives).sum() }),
    TracedLossCase(
      name: "hinge",
      native: {
        let loss = HingeLoss()
        loss.margin = 0.25
        return loss
      }, traced: { s in try (0.25 + (s.negative - s.positive)).relu().mean(.negatives) }),
    TracedLossCase(
      name: "cross-entropy",
      native: {
        let loss = BinaryCrossEntropyLoss()
        loss.reduction = .sum
        return loss
      },
      traced: { s in
        try (-s.positive).softplus().sum() + s.negative.softplus().sum()
      }),
    TracedLossCase(
      name: "squared error", native: { SquaredLoss() },
      traced: { s in
        try 0.5 * (s.positive - 1).square() + s.negative.square().sum(.negatives) / 2
      }),
    TracedLossCase(
      name: "softmax",
      native: {
        let loss = SoftmaxLoss()
        loss.temperature = 0.2
        return loss
      }, traced: { s in try ((s.negative / 0.2).logSumExp(.negatives) - s.positive / 0.2).softplus().mean() }),
    TracedLossCase(
      name: "ccl", native: { CosineContrastiveLoss(margin: 0.3, negativeWeight: 150) },
      traced: { s in
        try ((1 - s.positive).relu() + 150 * (s.negative - 0.3).relu().mean(.negatives)).mean()
      }),
    TracedLossCase(
      name: "mml",
      native: { try MultiMarginLoss(margins: [-0.3, 0.2, 0.6], weights: [0.1, 0.15, 0.75], negativeWeight: 700) },
      traced: { s in
        var cost: TracedValue?
        for (margin, weight) in [(-0.3, 0.1), (0.2, 0.15), (0.6, 0.75)] {
          let term = try weight * (s.negative - margin).relu()
          cost = try cost.map { try $0 + term } ?? term
        }
        return try ((1 - s.positive).relu() + 700 * cost!.mean(.negatives)).mean()
      }),
    TracedLossCase(
      name: "bsl, single", native: { BSLLoss(mode: .single, temperature: 0.2) },
      traced: { s in
        let mean = try (s.negative / 0.2).logSumExp(.negatives) - s.number(Double(s.batch.negativeCount)).log()
        return try (mean - s.positive / 0.2).mean()
      }),
    TracedLossCase(
      name: "bsl, multi", native: { BSLLoss(mode: .multi, temperature: 0.2, negativeExponent: 1.2) },
      traced: { s in
        let negative = try (s.negative / 0.2).exp().mean(.negatives).log()
        let positive = try (s.positive / 0.2).exp().sameUserMean().log()
        return try (1.2 * negative - positive).mean()
      }),
  ]
}
