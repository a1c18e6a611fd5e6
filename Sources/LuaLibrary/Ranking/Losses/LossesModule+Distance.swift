import LuaHost
import Ranking

/// Losses of distances.
extension LossesModule {
  static var distance: [FunctionDescription] { [triplet, contrastiveLoss] }
  static var distanceTypes: [TypeDescription] { [tripletType, contrastiveLossType] }

  private static func distanceOption(_ standard: ScoreDistance) -> OptionDescription {
    .init(
      "distance", .choice(ScoreDistance.self),
      "How a score says a distance. negated: -s, the squared distance where scores are euclidean. root: sqrt(-s), the distance "
        + "itself; a score above 0 has none. cosine: 1 - s.", default: .string(standard.rawValue))
  }

  private static var triplet: FunctionDescription {
    FunctionDescription(
      "triplet", "Triplet loss: a positive should be nearer than each negative, by a margin.",
      details: "With the distances -s and 1 - s it is the hinge loss of the scores.",
      equation: "L = 1/(B N) sum_b sum_j [d_b - d_bj + margin]+",
      source: "Schroff et al., \"FaceNet\", CVPR 2015, Eq. 3 (MML Eq. 3), a mean over all pairs",
      example: "local loss = perigee.losses.triplet { margin = 0.5, distance = \"root\" }",
      options: [
        .init("margin", .schedule(.margin), "By how much.", default: 1), distanceOption(.negated), reduction,
      ], returns: [.init("loss", .object(TripletLoss.self), "The loss.")]
    ) { call in
      let loss = TripletLoss()
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.distance = try call.choice("distance")
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var tripletType: TypeDescription {
    TypeDescription(
      TripletLoss.self, "Triplet loss.",
      fields: [
        scheduleField("margin", .margin, "By how much.", \TripletLoss.margin),
        FieldDescription(
          "distance", .choice(ScoreDistance.self), "How a score says a distance.",
          get: { (l: TripletLoss) in l.distance.rawValue }),
        reductionField(\TripletLoss.reduction),
      ], describe: { "losses.triplet(margin = \(number($0.margin)), distance = \($0.distance.rawValue))" })
  }

  private static var contrastiveLoss: FunctionDescription {
    FunctionDescription(
      "contrastive", "Contrastive loss: positives should be near, negatives farther than a margin.",
      equation:
        "L = 1/(B (1 + N)) sum_b ( d_b^2 + sum_j [margin - d_bj]+^2 ); linear: the same without squares",
      source: "Hadsell et al., CVPR 2006, Eq. 4 without its halves (MML Eq. 1), which sums",
      example: "local loss = perigee.losses.contrastive { margin = 1, distance = \"cosine\" }",
      options: [
        .init("margin", .schedule(.margin), "How far a negative should be.", default: 1),
        .init("form", .choice(["squared", "linear"]), "Whether distances are squared.", default: "squared"),
        distanceOption(.root), reduction,
      ], returns: [.init("loss", .object(ContrastiveLoss.self), "The loss.")]
    ) { call in
      let loss = ContrastiveLoss()
      loss.margin = try call.schedule("margin", ownedBy: loss)
      loss.isSquared = try call.string("form") == "squared"
      loss.distance = try call.choice("distance")
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  private static var contrastiveLossType: TypeDescription {
    TypeDescription(
      ContrastiveLoss.self, "Contrastive loss.",
      fields: [
        scheduleField("margin", .margin, "How far a negative should be.", \ContrastiveLoss.margin),
        FieldDescription(
          "form", .choice(["squared", "linear"]), "Whether distances are squared.",
          get: { (l: ContrastiveLoss) in l.isSquared ? "squared" : "linear" }),
        FieldDescription(
          "distance", .choice(ScoreDistance.self), "How a score says a distance.",
          get: { (l: ContrastiveLoss) in l.distance.rawValue }),
        reductionField(\ContrastiveLoss.reduction),
      ],
      describe: {
        "losses.contrastive(margin = \(number($0.margin)), form = \($0.isSquared ? "squared" : "linear"), "
          + "distance = \($0.distance.rawValue))"
      })
  }
}

extension TripletLoss: LuaObject { public static var luaName: String { "TripletLoss" } }
extension ContrastiveLoss: LuaObject { public static var luaName: String { "ContrastiveLoss" } }
