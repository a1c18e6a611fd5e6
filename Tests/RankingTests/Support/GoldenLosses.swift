import Testing

@testable import Ranking

extension Golden {
  func schedule(_ name: String) throws -> Schedule { Schedule(try number("parameters.\(name)")) }
  func schedules(_ name: String) -> [Schedule] { numbers("parameters.\(name)").map { Schedule($0) } }

  func reduction() throws -> Reduction { try #require(Reduction(rawValue: text("parameters.reduction") ?? "")) }

  /// The part of the name before the first dot.
  var family: String { String(name.prefix { $0 != "." }) }

  /// The loss that the file's parameters describe. Where the loss must know a train part it is attached to `train` by whoever asks.
  func makeLoss() throws -> Loss {
    switch family {
    case "bpr": return try make(BPRLoss()) { $0.reduction = try reduction() }
    case "hinge": return try make(HingeLoss()) { $0.margin = try schedule("margin") }
    case "bce": return try make(BinaryCrossEntropyLoss()) { $0.reduction = try reduction() }
    case "mse": return SquaredLoss()
    case "softmax_ce": return try make(SoftmaxLoss()) { $0.temperature = try schedule("tau") }
    case "infonce": return SoftmaxLoss.infoNCE(temperature: try schedule("tau"))
    case "sampled_softmax": return SampledSoftmaxLoss()
    case "ccl":
      let weight = optionalNumber("parameters.negative_weight").map { Schedule($0) }
      return CosineContrastiveLoss(margin: try schedule("margin"), negativeWeight: weight)
    case "mml":
      let loss = try MultiMarginLoss(
        margins: schedules("margins"), weights: schedules("weights"), positiveWeight: schedule("w_pos"),
        negativeWeight: schedule("w_neg"))
      loss.form = name.contains("banded") ? .banded : .additive
      return loss
    case "bsl": return try makeBilateralSoftmax()
    default: return try makeOfThreePapers()
    }
  }

  private func makeBilateralSoftmax() throws -> Loss {
    if name.contains("paper_form") {
      return BSLLoss(mode: .paper, temperature: try schedule("tau_2"), positiveTemperature: try schedule("tau_1"))
    }
    return BSLLoss(
      mode: try #require(BSLLoss.Mode(rawValue: text("parameters.mode")!)), temperature: try schedule("temperature"),
      negativeExponent: try schedule("temperature_2"))
  }

  private func makeOfThreePapers() throws -> Loss {
    switch family {
    case "triplet":
      return try make(TripletLoss()) {
        $0.margin = try schedule("margin")
        $0.reduction = try reduction()
      }
    case "contrastive":
      return try make(ContrastiveLoss()) {
        $0.distance = .negated
        $0.margin = try schedule("margin")
        $0.form = flag("parameters.squared") ? .squared : .linear
        $0.reduction = try reduction()
      }
    case "uib": return try makeBoundary()
    case "sml", "sml_uib":
      return try make(SymmetricMetricLoss(hasBoundary: family == "sml_uib")) {
        $0.itemWeight = try schedule("lambda")
        $0.marginWeight = try schedule("gamma")
        if family == "sml_uib" { $0.alpha = try schedule("alpha") }
        let mean = try #require(text("parameters.margin_regularizer_mean_over"))
        $0.marginMean = try #require(SymmetricMetricLoss.MarginMean(rawValue: mean))
      }
    case "pris":
      return make(ImportanceLoss(differentiatesWeights: flag("parameters.gradient_through_weights"))) {
        $0.reduction = .sum
      }
    case "sa": return make(ImportanceLoss.selfAdversarial()) { $0.reduction = .sum }
    case "cml":
      return try make(CMLLoss()) {
        $0.margin = try schedule("margin")
        $0.reduction = .sum
      }
    case "warp":
      return try make(WARPLoss()) {
        $0.maximumWeight = try schedule("max_loss")
        $0.reduction = .sum
      }
    case "rce", "rce_bpr": return ReweightedLoss(isPairwise: family == "rce_bpr", beta: try schedule("beta"))
    case "tce", "tce_bpr":
      return TruncatedLoss(
        isPairwise: family == "tce_bpr", dropRate: try schedule("drop_rate"), gradualSteps: 0)
    default:
      Issue.record("\(name): no loss is known for the family '\(family)'")
      return BPRLoss()
    }
  }

  private func makeBoundary() throws -> Loss {
    try make(BoundaryLoss()) {
      $0.alpha = try schedule("alpha")
      if let margin = optionalNumber("parameters.margin") {
        $0.shape = .margin
        $0.margin = Schedule(margin)
      }
      $0.negatives = try #require(BoundaryLoss.Negatives(rawValue: text("parameters.negatives")!))
      $0.hasReleasedWeights = name.contains("released")
      $0.reduction = .sum
    }
  }

  private func make<L: Loss>(_ loss: L, _ set: (L) throws -> Void) rethrows -> Loss {
    try set(loss)
    return loss
  }
}
