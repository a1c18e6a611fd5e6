import LuaHost
import Ranking

/// Losses of distances.
extension LossesModule {
  static var distance: [FunctionDescription] { [triplet, contrastiveLoss] }
  static var distanceTypes: [TypeDescription] { [tripletType, contrastiveLossType] }

  private static var triplet: FunctionDescription {
    constructor(
      "triplet", "Triplet loss: a positive should be nearer than each negative, by a margin.",
      details: "With the distances -s and 1 - s it is the hinge loss of the scores.",
      equation: "L = 1/(B N) sum_b sum_j [d_b - d_bj + margin]+",
      source: "Schroff et al., \"FaceNet\", CVPR 2015, Eq. 3 (MML Eq. 3), a mean over all pairs",
      example: "local loss = perigee.losses.triplet { margin = 0.5, distance = \"root\" }",
      make: TripletLoss.init)
  }

  private static var tripletType: TypeDescription {
    lossType(TripletLoss(), "Triplet loss.")
  }

  private static var contrastiveLoss: FunctionDescription {
    constructor(
      "contrastive", "Contrastive loss: positives should be near, negatives farther than a margin.",
      equation:
        "L = 1/(B (1 + N)) sum_b ( d_b^2 + sum_j [margin - d_bj]+^2 ); linear: the same without squares",
      source: "Hadsell et al., CVPR 2006, Eq. 4 without its halves (MML Eq. 1), which sums",
      example: "local loss = perigee.losses.contrastive { margin = 1, distance = \"cosine\" }",
      make: ContrastiveLoss.init)
  }

  private static var contrastiveLossType: TypeDescription {
    lossType(ContrastiveLoss(), "Contrastive loss.")
  }
}

extension TripletLoss: LuaObject { public static var luaName: String { "TripletLoss" } }
extension ContrastiveLoss: LuaObject { public static var luaName: String { "ContrastiveLoss" } }
