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
      return loss.ownParameters.byteCount + ((loss as? TracedLoss)?.byteCount ?? 0)
    }
    return type
  }
}
