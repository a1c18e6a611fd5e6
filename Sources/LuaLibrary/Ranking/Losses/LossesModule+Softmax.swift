import LuaHost
import Ranking

/// Losses that put a positive against the exponentials of all its negatives together.
extension LossesModule {
  static var softmaxes: [FunctionDescription] { [softmax, infonce, sampledSoftmax, bsl] }
  static var softmaxTypes: [TypeDescription] { [softmaxType, sampledSoftmaxType, bslType] }

  static var softmax: FunctionDescription {
    constructor(
      "softmax", "Softmax cross-entropy over the positive and its sampled negatives.",
      equation: "L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )",
      source: "RecBox SoftmaxCrossEntropyLoss has t = 1; with t it is `infonce`",
      make: SoftmaxLoss.init)
  }

  static var infonce: FunctionDescription {
    constructor(
      "infonce", "InfoNCE: softmax cross-entropy with a temperature, for cosine scores.",
      equation: "L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )",
      source: "van den Oord et al., 2018, Eq. 4 (MML Eq. 4); the same as `softmax`, which has t = 1",
      example: "local loss = perigee.losses.infonce { temperature = 0.2 }",
      make: { SoftmaxLoss.infoNCE(temperature: 0.2) })
  }

  static var softmaxType: TypeDescription {
    lossType(SoftmaxLoss(), "Softmax cross-entropy.")
  }

  static var sampledSoftmax: FunctionDescription {
    constructor(
      "sampled_softmax", "Softmax cross-entropy corrected for how likely each item was to be sampled.",
      details:
        "Wants a sampler that gives the logarithm of its proposal q: uniform, popularity, in_batch, mixtures of these, custom. A factor common to all q cancels, except with "
        + "`correction = \"negatives\"`, which leaves the positive as it is; `\"none\"` is `infonce`.",
      equation:
        "x_b = s_b/t - ln q(b), x_bj = s_bj/t - ln q(bj),  L = 1/B sum_b ( ln( exp(x_b) + sum_j exp(x_bj) ) - x_b )",
      source: "Bengio and Senecal, IEEE TNN 2008; Wu et al., \"On the Effectiveness of Sampled Softmax Loss\", 2022",
      example: "local loss = perigee.losses.sampled_softmax { temperature = 0.2 }",
      make: { SampledSoftmaxLoss() })
  }

  static var sampledSoftmaxType: TypeDescription {
    lossType(SampledSoftmaxLoss(), "Sampled softmax.")
  }

  static var bsl: FunctionDescription {
    constructor(
      "bsl", "Bilateral softmax loss, as its official code computes it.",
      details:
        "`multi` averages the exponentials of a user's positives in the batch; `reweight` sums over negatives instead of averaging; "
        + "`single` is the plain softmax loss without the positive in the denominator; `paper` is the loss as the paper prints it, with a "
        + "temperature t' of the positives' own.",
      equation:
        "multi: L = 1/B sum_b ( e ln(1/N sum_j exp(s_bj/t)) - ln mean_{c: user_c = user_b} exp(s_c/t) );  paper: t before the "
        + "first ln instead of e, t' before the second and within",
      source: "Wu et al., \"BSL: Understanding and Improving Softmax Loss for Recommendation\", ICDE 2024; MML Eq. 5",
      example: "local loss = perigee.losses.bsl { temperature = 0.08, negative_exponent = 1.22 }",
      make: { BSLLoss() })
  }

  static var bslType: TypeDescription {
    lossType(BSLLoss(), "Bilateral softmax loss.")
  }
}

extension SoftmaxLoss: LuaObject { public static var luaName: String { "SoftmaxLoss" } }
extension SampledSoftmaxLoss: LuaObject { public static var luaName: String { "SampledSoftmaxLoss" } }
extension BSLLoss: LuaObject { public static var luaName: String { "BSLLoss" } }
