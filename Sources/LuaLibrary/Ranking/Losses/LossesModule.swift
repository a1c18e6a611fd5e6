import LuaHost
import Ranking

/// `perigee.losses`: what a trainer minimizes. One file for each family.
enum LossesModule {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "losses", "Losses of a positive's score and those of its negatives, for `perigee.trainer`.",
      functions: pairwise + pointwise + distance + softmaxes + margins + boundary + metric + importance + ranked
        + denoising
        + clustering + LossFunctions.all,
      types: (pairwiseTypes + pointwiseTypes + distanceTypes + softmaxTypes + marginTypes + boundaryTypes + metricTypes
        + importanceTypes + rankedTypes + denoisingTypes + [LossFunctions.type]).map(withSize))
  }

  /// A loss accounts for the parameters that it makes itself, and for what its program computes with.
  private static func withSize(_ type: TypeDescription) -> TypeDescription {
    var type = type
    type.size = { loss in
      guard let loss = loss as? any Loss else { return 0 }
      return loss.parameters.byteCount + ((loss as? TracedLoss)?.byteCount ?? 0)
    }
    return type
  }

  private static let reductionText =
    "How the batch's terms become one number: `sum` leaves out the division in front of the equation's sums."

  /// A mean everywhere, so that a rate means much the same with every loss and batch size. A source that sums says so in its
  /// settings.
  static var reduction: OptionDescription {
    .init("reduction", .choice(Reduction.self), reductionText, default: .string(Reduction.mean.rawValue))
  }

  static func reductionField<Owner: LuaObject>(_ path: KeyPath<Owner, Reduction>) -> FieldDescription {
    FieldDescription(
      "reduction", .choice(Reduction.self), reductionText, get: { (owner: Owner) in owner[keyPath: path].rawValue })
  }

  /// A schedule for `tostring`: `100`, `0.9`, `schedules.linear(...)` or `function`.
  static func number(_ schedule: Schedule) -> String { schedule.description }
}
