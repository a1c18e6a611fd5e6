import LuaHost
import Ranking

/// Losses that put a positive against the exponentials of all its negatives together.
extension LossesModule {
  static var softmaxes: [FunctionDescription] { [softmax, infonce, sampledSoftmax, bsl] }
  static var softmaxTypes: [TypeDescription] { [softmaxType, sampledSoftmaxType, bslType] }

  static var softmax: FunctionDescription {
    FunctionDescription(
      "softmax", "Softmax cross-entropy over the positive and its sampled negatives.",
      equation: "L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )",
      source: "RecBox SoftmaxCrossEntropyLoss has t = 1; with t it is `infonce`",
      options: [
        .init("temperature", .schedule(.temperature), "What scores are divided by.", default: 1),
        reduction,
      ], returns: [.init("loss", .object(SoftmaxLoss.self), "The loss.")]
    ) { call in
      let loss = SoftmaxLoss()
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var infonce: FunctionDescription {
    FunctionDescription(
      "infonce", "InfoNCE: softmax cross-entropy with a temperature, for cosine scores.",
      equation: "L = 1/B sum_b ( ln( exp(s_b/t) + sum_j exp(s_bj/t) ) - s_b/t )",
      source: "van den Oord et al., 2018, Eq. 4 (MML Eq. 4); the same as `softmax`, which has t = 1",
      example: "local loss = perigee.losses.infonce { temperature = 0.2 }",
      options: [
        .init("temperature", .schedule(.temperature), "What scores are divided by.", default: 0.2),
        reduction,
      ], returns: [.init("loss", .object(SoftmaxLoss.self), "The loss.")]
    ) { call in
      let loss = SoftmaxLoss.infoNCE(temperature: 1)
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var softmaxType: TypeDescription {
    TypeDescription(
      SoftmaxLoss.self, "Softmax cross-entropy.",
      fields: [
        scheduleField("temperature", .temperature, "What scores are divided by.", \SoftmaxLoss.temperature)
      ], describe: { "losses.\($0.name)(temperature = \(number($0.temperature)))" })
  }

  static var sampledSoftmax: FunctionDescription {
    FunctionDescription(
      "sampled_softmax", "Softmax cross-entropy corrected for how likely each item was to be sampled.",
      details:
        "Wants a sampler that gives the logarithm of its proposal q: uniform, popularity, in_batch, mixtures of these, custom. A factor common to all q cancels, except with "
        + "`correction = \"negatives\"`, which leaves the positive as it is; `\"none\"` is `infonce`.",
      equation:
        "x_b = s_b/t - ln q(b), x_bj = s_bj/t - ln q(bj),  L = 1/B sum_b ( ln( exp(x_b) + sum_j exp(x_bj) ) - x_b )",
      source: "Bengio and Senecal, IEEE TNN 2008; Wu et al., \"On the Effectiveness of Sampled Softmax Loss\", 2022",
      example: "local loss = perigee.losses.sampled_softmax { temperature = 0.2 }",
      options: [
        .init("temperature", .schedule(.temperature), "What scores are divided by.", default: 1),
        .init(
          "correction", .choice(SampledSoftmaxLoss.Correction.self), "Which scores are corrected.", default: "both"),
        reduction,
      ], returns: [.init("loss", .object(SampledSoftmaxLoss.self), "The loss.")]
    ) { call in
      let loss = SampledSoftmaxLoss(correction: try call.choice("correction"))
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var sampledSoftmaxType: TypeDescription {
    TypeDescription(
      SampledSoftmaxLoss.self, "Sampled softmax.",
      fields: [
        scheduleField("temperature", .temperature, "What scores are divided by.", \SampledSoftmaxLoss.temperature),
        FieldDescription(
          "correction", .choice(SampledSoftmaxLoss.Correction.self), "Which scores are corrected.",
          get: { (l: SampledSoftmaxLoss) in l.correction.rawValue }),
        reductionField(\SampledSoftmaxLoss.reduction),
      ],
      describe: {
        "losses.sampled_softmax(temperature = \(number($0.temperature)), correction = \($0.correction.rawValue))"
      })
  }

  static var bsl: FunctionDescription {
    FunctionDescription(
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
      options: [
        .init("temperature", .schedule(.temperature), "t, what scores are divided by.", default: 0.1),
        .init(
          "negative_exponent", .schedule(.exponent),
          "e, the code's temperature_2: weight of the negative part in `multi` and `reweight`.",
          default: 1),
        .init(
          "positive_temperature", .schedule(.temperature), "t', read by `paper`; t where it is left out.",
          optional: true),
        .init("mode", .choice(BSLLoss.Mode.self), "Which form.", default: "multi"),
        reduction,
      ], returns: [.init("loss", .object(BSLLoss.self), "The loss.")]
    ) { call in
      let loss = BSLLoss(mode: try call.choice("mode"), temperature: 1)
      loss.temperature = try call.schedule("temperature", ownedBy: loss)
      loss.negativeExponent = try call.schedule("negative_exponent", ownedBy: loss)
      loss.positiveTemperature =
        try call.optionalSchedule("positive_temperature", ownedBy: loss)
        ?? call.schedule("temperature", ownedBy: loss)
      loss.reduction = try call.choice("reduction")
      return [loss]
    }
  }

  static var bslType: TypeDescription {
    TypeDescription(
      BSLLoss.self, "Bilateral softmax loss.",
      fields: [
        scheduleField("temperature", .temperature, "t, what scores are divided by.", \BSLLoss.temperature),
        scheduleField(
          "negative_exponent", .exponent, "e, weight of the negative part.", \BSLLoss.negativeExponent),
        scheduleField(
          "positive_temperature", .temperature, "t', read by `paper`.", \BSLLoss.positiveTemperature),
        FieldDescription("mode", .choice(BSLLoss.Mode.self), "Which form.", get: { (l: BSLLoss) in l.mode.rawValue }),
      ],
      describe: {
        "losses.bsl(mode = \($0.mode.rawValue), temperature = \(number($0.temperature)), "
          + "negative_exponent = \(number($0.negativeExponent)))"
      })
  }
}

extension SoftmaxLoss: LuaObject { public static var luaName: String { "SoftmaxLoss" } }
extension SampledSoftmaxLoss: LuaObject { public static var luaName: String { "SampledSoftmaxLoss" } }
extension BSLLoss: LuaObject { public static var luaName: String { "BSLLoss" } }
