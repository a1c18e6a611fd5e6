import LuaHost
import Ranking
import Tensors

/// The batches of `trainer:batches()` as scripts see them.
enum BatchBinding {
  static var type: TypeDescription {
    TypeDescription(
      BatchHandle.self,
      "One batch of `trainer:batches()`. `step` trains it. Taken apart, `gradients` leaves everything as it is and `apply` moves the "
        + "parameters by gradients of this or any other batch of the trainer.",
      methods: [step, forward, gradients, apply, skip],
      fields: [
        FieldDescription("number", .integer, "Its number in the epoch.", get: { (b: BatchHandle) in b.number }),
        FieldDescription("epoch", .integer, "Its epoch.", get: { (b: BatchHandle) in b.epoch }),
        FieldDescription(
          "users", .object(BatchRows.self), "The user of each positive, B of them.",
          get: { (b: BatchHandle) in try b.users() }),
        FieldDescription(
          "positives", .object(BatchRows.self), "The positives, B of them.",
          get: { (b: BatchHandle) in try b.positives() }),
        FieldDescription(
          "negatives", .anyTensor.or(.table),
          "`[B, N]`, positions of items from 1: those that the sampler draws, until others are assigned. A loss that reads the "
            + "sampler's log proposal does without it where they were assigned.",
          get: { (b: BatchHandle) in try b.negatives() },
          set: { (b: BatchHandle, call: LuaCall) in
            let value = call.value("negatives")
            let items =
              try value.asTable == nil
              ? call.tensor("negatives") : TensorTables.tensor(from: value, name: "negatives")
            try b.setNegatives(items) { call.error("negatives", $0) }
          }),
      ], describe: { "batch \($0.number)" })
  }

  private static var reportReturn: ReturnDescription {
    .init("report", .table, "`epoch`, `step`, `loss`, `terms`, `size`, `ends_epoch`.")
  }

  private static var step: FunctionDescription {
    FunctionDescription("step", "Trains this batch.", returns: [reportReturn]) { call in
      [try call.receiver(BatchHandle.self).step(call.state).report]
    }
  }

  private static var forward: FunctionDescription {
    FunctionDescription(
      "forward", "Scores the batch. Nothing moves.",
      example: "local margin = batch:forward().positive:mean()",
      returns: [
        .init(
          "scores", .table,
          "`loss` (without the L2 term and others), `positive` `[B]` and `negative` `[B, N]`, the scores of the batch with its dropout, and "
            + "`boundary` `[B]`, where the model has one."
        )
      ]
    ) { call in
      let batch = call.receiver(BatchHandle.self)
      let forward = try batch.forward(call.state)
      let width = 1 + forward.negativeCount
      let rows = forward.scores.count / width
      let all = try Tensor(forward.scores, shape: [rows, width])
      var record: LuaRecord = [
        "loss": forward.loss, "positive": try all.narrowed(axis: 1, to: 0..<1).contiguous().reshaped([rows]),
        "negative": try all.narrowed(axis: 1, to: 1..<width).contiguous(),
      ]
      if let boundaries = forward.boundaries { record.append("boundary", try Tensor(boundaries, shape: [rows])) }
      return [record]
    }
  }

  private static var gradients: FunctionDescription {
    FunctionDescription(
      "gradients",
      "The gradients of the batch's loss, its L2 term and all others, as a value of their own. Nothing moves.",
      example: """
        local sum
        for batch in trainer:batches() do                    -- a step every fourth batch, by hand
          local gradients = batch:gradients()
          sum = sum and sum:add(gradients) or gradients
          if batch.number % 4 == 0 then batch:apply(sum:scale(1 / 4)) sum = nil else batch:skip() end
        end
        """,
      returns: [.init("gradients", .object(GradientSet.self), "By parameter.")]
    ) { call in [try call.receiver(BatchHandle.self).gradients(call.state)] }
  }

  private static var apply: FunctionDescription {
    FunctionDescription(
      "apply", "Moves the parameters by gradients, in one step of the optimizer; the batch is trained then.",
      details: "Rates, weight decay and clipping are those of this batch.",
      parameters: [
        .init("gradients", .object(GradientSet.self), "Of batches of this trainer: this one's, kept ones, a sum.")
      ], returns: [reportReturn]
    ) { call in
      let gradients = try call.object("gradients", as: GradientSet.self)
      return [try call.receiver(BatchHandle.self).apply(gradients, call.state).report]
    }
  }

  private static var skip: FunctionDescription {
    FunctionDescription(
      "skip", "Goes on to the next batch without a step.", returns: [reportReturn]
    ) { call in [try call.receiver(BatchHandle.self).skip(call.state).report] }
  }
}
