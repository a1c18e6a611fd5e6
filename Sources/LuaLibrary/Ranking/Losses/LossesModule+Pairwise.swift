import LuaHost
import Ranking
import Tensors

/// Losses of the difference between a positive's score and a negative's.
extension LossesModule {
  static var pairwise: [FunctionDescription] { [bpr, hinge, weightedBPR] }
  static var pairwiseTypes: [TypeDescription] { [bprType, hingeType, weightedType] }

  private static var bpr: FunctionDescription {
    constructor(
      "bpr", "Pairwise logistic loss (BPR).", equation: "L = 1/B sum_b 1/N sum_j softplus(s_bj - s_b)",
      source: "Rendle et al., UAI 2009, section 4.1, with N negatives and a mean over the batch",
      example: "local loss = perigee.losses.bpr { reduction = \"sum\" }",
      make: BPRLoss.init)
  }

  private static var bprType: TypeDescription {
    lossType(BPRLoss(), "Pairwise logistic loss.")
  }

  private static var hinge: FunctionDescription {
    constructor(
      "hinge", "Pairwise hinge loss.", equation: "L = 1/B sum_b 1/N sum_j [margin + s_bj - s_b]+",
      source: "RecBox PairwiseMarginLoss (MML Table 3)",
      make: HingeLoss.init)
  }

  private static var hingeType: TypeDescription {
    lossType(HingeLoss(), "Pairwise hinge loss.")
  }

  // MARK: Weights

  private static var weightedBPR: FunctionDescription {
    constructor(
      "weighted_bpr", "Pairwise logistic loss with a weight for each triplet of user, positive and negative.",
      details:
        "`weights` is called once a batch, before it is scored, with a table: `users` [B], `positives` [B] and `negatives` [B, N] are "
        + "tensors of rows of the model's tables, from 1; `epoch` and `step` are numbers. It returns a number, or a tensor [B] or "
        + "[B, N]. Weights are constants: nothing is differentiated through them.",
      equation: "L = 1/(B N) sum_b sum_j w_bj softplus(s_bj - s_b)",
      source: "the inner objective of TIL, Wu et al., CIKM 2022, Eq. 2, with N = 1, which sums",
      example: """
        local trust = perigee.ones { model.users }       -- one weight for each user
        local loss = perigee.losses.weighted_bpr {
          weights = function(batch) return trust:gather(batch.users) end,
        }
        """,
      more: [.init("weights", .function("fun(batch: table): Tensor|number"), "The weights of a batch.")],
      make: { WeightedPairwiseLoss { _ in [1] } },
      finish: { loss, call in
        let owned = try call.own(call.value("weights"), by: loss)
        loss.weighting = { triplets in
          let result = try owned.function().call(triplets.record).first ?? .nil
          if let number = result.asNumber { return [Float(number)] }
          guard let tensor = result.asObject(Tensor.self) else {
            throw LuaArgumentError("weights: want a tensor or a number, got \(result.typeName)")
          }
          return try tensor.elements()
        }
      })
  }

  private static var weightedType: TypeDescription {
    lossType(WeightedPairwiseLoss { _ in [1] }, "Pairwise logistic loss with weights.")
  }
}

extension WeightedPairwiseLoss.Triplets {
  /// What a script is given: rows counted from 1.
  fileprivate var record: LuaRecord {
    get throws {
      let (rows, width) = (users.count, 1 + negativeCount)
      let all = try Tensor(items.map { Float($0 + 1) }, shape: [rows, width])
      return [
        "users": try Tensor(users.map { Float($0 + 1) }),
        "positives": try all.slice([.all, .at(0)]).copy(),
        "negatives": try all.slice([.all, .range(from: 1, to: width)]).copy(),
        "epoch": position.epoch, "step": position.step,
      ]
    }
  }
}

extension BPRLoss: LuaObject { public static var luaName: String { "BPRLoss" } }
extension HingeLoss: LuaObject { public static var luaName: String { "HingeLoss" } }
extension WeightedPairwiseLoss: LuaObject { public static var luaName: String { "WeightedPairwiseLoss" } }
