import Interactions
import LuaHost
import Platform
import Ranking

/// `perigee.trainer` and the handle that it returns.
enum TrainerModule {
  static var trainer: FunctionDescription {
    FunctionDescription(
      "trainer", "Trains a model on the train part of a split, batch by batch.",
      details:
        "Every number that is a schedule is read once a batch. The same seed gives the same bits at any number of threads. "
        + "An error or Ctrl-C stops between two batches; run the trainer again to go on from there. A loss, a schedule, `encode` and "
        + "the callbacks of a run may train another model by a trainer of its own, but not the one that calls them. A trainer that is "
        + "made for a model which another one trains takes the model over: from then on the other refuses. "
        + "Losses that a trainer reports are those "
        + "of the loss alone, without the L2 term; what `terms` add to it stands beside it. L2 reaches what represents users and items: the tables of `mf` with their biases, "
        + "parameters per user or item of more than one number a row, and any whose rows score; no boundary, margin, temperature or "
        + "shared weight. The optimizer's weight decay reaches every parameter. A user who has every item is left out where the "
        + "sampler excludes positives (`left_out_users`).",
      example: """
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.ccl {}, sampler = perigee.samplers.uniform { count = 100 },
          optimizer = perigee.optimizers.adam { rate = 1e-4 }, batch = 256, seed = 2019,
        }
        trainer:run { epochs = 10 }
        """,
      options: [
        .init("model", .object(ModelHandle.self), "What is trained."),
        .init("data", .object(Split.self), "The split to train on; the model's own by default.", optional: true),
        .init(
          "loss", LossFunctions.lossOrFunction,
          "What is minimized: a loss, or a function from the scores of a batch to a value (see `losses.traced`)."),
        .init("sampler", .object((any Sampler).self, named: "sampler"), "Where negatives come from."),
        .init("optimizer", .object(Optimizer.self), "How parameters move."),
        .init("batch", .integer(atLeast: 1), "Positives in a batch.", default: 256),
        .init(
          "accumulate", .integer(in: 1...1_000_000),
          "Batches whose gradients make one step, by their mean; what is left at the end of an epoch makes a smaller one.",
          default: 1),
        .init("seed", .integer(atLeast: 0), "Of the order, the negatives and the dropout.", default: 0),
        .init("shuffle", .boolean, "Whether each epoch has a new order.", default: true),
        .init(
          "replacement", .boolean,
          "Whether each epoch draws its positives with replacement, whole batches of them, one more than fit into the train part (UIB's "
            + "code), instead of visiting each once.", default: false),
        TrainerWeights.option,
        .init(
          "regularization",
          .options([
            .init("weight", .schedule(.regularizationWeight), "Its weight, the c or lambda of the papers."),
            .init(
              "scope", .choice(Regularization.Scope.self),
              "batch: c/2 of the rows looked up, summed (UIB). batch_mean: the same over B (LightGCN, BSL). "
                + "per_sample: c/B of the rows looked up (PRIS' activity regularization of coefficient c B). tables: c/2 of all "
                + "rows in every batch (SimpleX, MML; exact and slow). tables_touched: the same for the batch's users and for items of which "
                + "a score has a derivative other than 0.",
              default: "batch_mean"),
          ]), "An L2 term of the loss.", optional: true),
        .init(
          "corrupted", .choice(CorruptedSamples.Rule.self),
          "Counts the samples that stand on the wrong side before each step, for reports and the history: `pairs`, those of a positive "
            + "and a negative with s_n > s_p (BPR); `boundary`, positives with b > s_p and negatives with s_n > b (UIB).",
          optional: true),
        .init("terms", TermsModule.list, "What else is added to the loss (see `perigee.terms`).", optional: true),
        .init(
          "weighting", .object(TripletImportance.self),
          "Weights of triplets that are learned with the model, in place of `weight` (see `perigee.weighting`).",
          optional: true),
      ], returns: [.init("trainer", .object(TrainerHandle.self), "The trainer.")]
    ) { call in [try make(call)] }
  }

  private static func make(_ call: LuaCall) throws -> TrainerHandle {
    let model = try call.object("model", as: ModelHandle.self)
    let split = call.optionalObject("data", as: Split.self) ?? model.split
    guard split.dataset === model.split.dataset || split.userCount == model.split.userCount else {
      throw call.error(
        "data", "the model was made from \(model.split.dataset.name), which has other users than \(split.dataset.name)")
    }
    let (loss, lossValue) = try LossFunctions.loss("loss", in: call)
    let sampler = try TrainerHandle.sampler("sampler", in: call)
    let optimizer = try call.object("optimizer", as: Optimizer.self)
    guard let trained = model.rankingModel else {
      throw call.error("model", "model '\(model.model.name)' is not trained by batches: fit it with model:fit")
    }
    let trainer = try Trainer(
      model: trained, train: split.train, loss: loss, sampler: sampler, optimizer: optimizer,
      batchSize: try call.integer("batch"), seed: UInt64(try call.integer("seed")), rule: split.rule)
    warnOfLeftOutUsers(trainer, split)
    trainer.shuffles = try call.boolean("shuffle")
    trainer.drawsWithReplacement = try call.boolean("replacement")
    guard trainer.shuffles || !trainer.drawsWithReplacement else {
      throw call.error(
        "replacement", "draws a new order in each epoch, and shuffle = false keeps one; leave one of them out")
    }
    trainer.accumulation = try call.integer("accumulate")
    trainer.corruption = call.optionalChoice("corrupted")
    guard trainer.corruption != .boundary || trained.boundary != nil else {
      throw call.error(
        "corrupted",
        "model '\(trained.name)' has no boundary; make it with boundary = \"linear\", or say corrupted = \"pairs\"")
    }
    let handle = TrainerHandle(trainer: trainer, model: model, split: split, loss: loss, sampler: sampler)
    model.trainerSplit = split
    if call.has("regularization") {
      trainer.regularization = Regularization(
        weight: try call.schedule("regularization.weight", ownedBy: handle),
        scope: try call.choice("regularization.scope"))
    }
    if call.has("terms") { try handle.setTerms("terms", in: call) }
    // What these own of Lua (schedules) lives as long as their handles: the trainer keeps them.
    handle.kept = try ["model", "optimizer"].map { try call.own(call.value($0), by: handle) }
    try handle.keepLoss(lossValue, in: call)
    try handle.keepSampler(call.value("sampler"), in: call)
    let weight = try TrainerWeights.use(in: call, handle)
    if call.has("weighting") { try handle.setWeighting("weighting", in: call) }
    trainer.describe(
      loss: (loss as? LuaLoss)?.text ?? lossValue.asHandle?.text, sampler: call.value("sampler").asHandle?.text,
      weight: weight)
    handle.accountForParameters(call.state)
    return handle
  }

  private static func warnOfLeftOutUsers(_ trainer: Trainer, _ split: Split) {
    guard let first = trainer.leftOutUsers.first else { return }
    let count = trainer.leftOutUsers.count
    let name = quoted(split.dataset.userIdentifiers.identifier(at: Int(first)))
    let who = count == 1 ? "user \(name) has" : "\(count) users, user \(name) the first, have"
    warn(
      "trainer: \(who) \(trainer.sampler.reasonWithoutNegatives) in the train part, so no negative can be drawn; "
        + "\(split.train.count - trainer.pairCount) of \(split.train.count) interactions are left out")
  }

  // MARK: The handle

  static var type: TypeDescription {
    TypeDescription(
      TrainerHandle.self, "Trains a model.",
      methods: [
        TrainerRunBinding.run, epoch, step, batches, nextBatch, measureSampler, TrainerSaving.save, TrainerSaving.load,
      ],
      fields: [
        FieldDescription(
          "rate", .schedule(.rate), "The optimizer's step size.",
          get: { (t: TrainerHandle) in try t.rate.luaValue },
          set: { (t: TrainerHandle, call: LuaCall) in t.rate = try call.schedule("rate", ownedBy: t) }),
        FieldDescription(
          "batch", .integer(atLeast: 1), "Positives in a batch.", get: { (t: TrainerHandle) in t.trainer.batchSize },
          set: { (t: TrainerHandle, call: LuaCall) in t.trainer.batchSize = try call.integer("batch") }),
        FieldDescription(
          "accumulate", .integer(in: 1...1_000_000), "Batches whose gradients make one step.",
          get: { (t: TrainerHandle) in t.trainer.accumulation },
          set: { (t: TrainerHandle, call: LuaCall) in t.trainer.accumulation = try call.integer("accumulate") }),
        FieldDescription(
          "regularization_weight", .schedule(.regularizationWeight), "Weight of the L2 term.",
          get: { (t: TrainerHandle) in try t.trainer.regularization?.weight.luaValue ?? .number(0) },
          set: { (t: TrainerHandle, call: LuaCall) in
            guard t.trainer.regularization != nil else {
              throw call.error(
                "regularization_weight", "the trainer was made without regularization; give it { weight, scope }")
            }
            t.trainer.regularization?.weight = try call.schedule("regularization_weight", ownedBy: t)
          }),
        FieldDescription(
          "terms", TermsModule.list, "What is added to the loss: assign other terms between batches.",
          get: { (t: TrainerHandle) in try t.terms },
          set: { (t: TrainerHandle, call: LuaCall) in try t.setTerms("terms", in: call) }),
        FieldDescription(
          "weighting", .object(TripletImportance.self).or(.boolean),
          "Weights of triplets that are learned: assign others between batches, or false for none.",
          get: { (t: TrainerHandle) in t.trainer.importance },
          set: { (t: TrainerHandle, call: LuaCall) in try t.setWeighting("weighting", in: call) }),
        FieldDescription(
          "current_epoch", .integer, "The epoch under way or just finished; 0 before the first.",
          get: { (t: TrainerHandle) in t.trainer.epoch }),
        FieldDescription(
          "steps", .integer,
          "Steps of the optimizer so far, over all epochs: one a batch, or one for `accumulate` batches.",
          get: { (t: TrainerHandle) in t.trainer.step }),
        FieldDescription(
          "batches_per_epoch", .integer, "Batches in an epoch.",
          get: { (t: TrainerHandle) in t.trainer.batchesPerEpoch }),
        FieldDescription(
          "left_out_users", .list(.string),
          "Users whose interactions are left out, as the sampler has no negatives for them: they have every item, and it excludes positives.",
          get: { (t: TrainerHandle) in
            t.split.dataset.userIdentifiers.identifiers(t.trainer.leftOutUsers.lazy.map { Int($0) })
          }),
        FieldDescription(
          "model", .object(ModelHandle.self), "What is trained.", get: { (t: TrainerHandle) in t.model }),
        FieldDescription(
          "loss", LossFunctions.lossOrFunction,
          "What is minimized: assign another loss or function between batches. What the optimizer remembers of the model is kept.",
          get: { (t: TrainerHandle) in t.loss },
          set: { (t: TrainerHandle, call: LuaCall) in try t.setLoss("loss", in: call) }),
        FieldDescription(
          "history", .list(.table),
          "A record of each finished epoch of this trainer, over all runs and loops: `epoch`, `loss`, `terms`, `seconds`, `metrics`, and "
            + "with `corrupted` `corrupted_rate`, the share of samples on the wrong side, by the boundary also `corrupted_positives` and "
            + "`corrupted_negatives`, their shares of positives and of negatives; where triplets' weights are learned also `weights`, as of the "
            + "weighting's field.",
          get: { (t: TrainerHandle) in t.trainer.history.report }),
        FieldDescription(
          "best", .table,
          "What early stopping found best in the last run: `epoch`, `metric`, `on`, `value`; nil before.",
          get: { (t: TrainerHandle) in t.trainer.best?.report }),
        FieldDescription(
          "sampler", .object((any Sampler).self, named: "sampler"),
          "Where negatives come from: assign another between batches; between epochs where it leaves out other users.",
          get: { (t: TrainerHandle) in t.sampler },
          set: { (t: TrainerHandle, call: LuaCall) in
            try t.setSampler("sampler", in: call)
            warnOfLeftOutUsers(t.trainer, t.split)
          }),
        FieldDescription(
          "optimizer", .object(Optimizer.self), "How parameters move.",
          get: { (t: TrainerHandle) in t.trainer.optimizer }),
      ], size: { $0.trainer.byteCount },
      describe: {
        "trainer(loss = \($0.trainer.loss.name), batch = \($0.trainer.batchSize), epoch = \($0.trainer.epoch), "
          + "steps = \($0.trainer.step))"
      })
  }

  private static var epoch: FunctionDescription {
    FunctionDescription(
      "epoch", "Trains to the end of the epoch under way, or through a new one.",
      returns: [
        .init(
          "report", .table,
          "`epoch`, `loss` (mean of the batches, without the L2 term), `terms` (of each the mean, by name), `batches`, `seconds`."
        )
      ]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      let report = try handle.training(call.state) { try handle.trainer.trainEpoch() }
      return [report.report]
    }
  }

  private static var step: FunctionDescription {
    FunctionDescription(
      "step", "Trains one batch; begins a new epoch where the last one ended.",
      returns: [
        .init(
          "report", .table,
          "`epoch`, `step`, `loss` (before the step, without the L2 term), `terms` (what each added, by name), `size`, `ends_epoch`."
        )
      ]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      return [try handle.training(call.state) { try handle.trainer.trainBatch() }.report]
    }
  }

  private static var batches: FunctionDescription {
    FunctionDescription(
      "batches", "The batches that are left of this epoch, or those of a new one, for a `for` loop.",
      example: "for batch in trainer:batches() do\n  trainer.rate = 1e-3 / batch.number\n  batch:step()\nend",
      returns: [
        .init(
          "next_batch", .function("fun(trainer: Trainer, previous: Batch?): Batch?"), "What `for` calls: the method."),
        .init("trainer", .object(TrainerHandle.self), "The trainer, which `for` hands to it."),
      ]
    ) { call in
      // The method itself, with no function of Lua between it and the loop: its errors have the line of the `for`.
      let chunk = try call.state.load("local trainer = ...\nreturn trainer.next_batch, trainer", name: "=batches")
      return LuaResults(try chunk.call(call.receiverValue))
    }
  }

  static var nextBatch: FunctionDescription {
    FunctionDescription(
      "next_batch", "The next batch of this epoch, for loops written by hand; `nil` at its end.",
      parameters: [.init("previous", .object(BatchHandle.self), "The batch before; none to begin.", optional: true)],
      returns: [.init("batch", .object(BatchHandle.self).or(.any), "A batch whose `step` trains it.")]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      guard let previous = call.optionalObject("previous", as: BatchHandle.self) else {
        return [BatchHandle(owner: handle)]
      }
      guard previous.owner === handle else {
        throw call.error("previous", "this is a batch of another trainer")
      }
      return [try previous.next() ?? LuaValue.nil as any LuaConvertible]
    }
  }
}
