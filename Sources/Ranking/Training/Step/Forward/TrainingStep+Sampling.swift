import Interactions
import Kernels
import Platform
import Tensors

/// The first part of a batch: its negatives.
extension TrainingStep {
  /// Lets the sampler look at the batch and the model, and draws.
  func drawNegatives(_ batch: Batch, _ sampler: Sampler, _ loss: Loss, _ memory: BatchMemory) throws {
    try SamplerUse.during(sampler) {
      let draw = try refresh(batch, sampler, memory)
      run(draw, of: sampler, marks: marksItems(loss), pieces: memory.chunkRows)
    }
  }

  /// Lets the sampler look at the batch and the model. Returns what it is to draw.
  private func refresh(_ batch: Batch, _ sampler: Sampler, _ memory: BatchMemory) throws -> NegativeDraw {
    if let train = batch.train { try sampler.prepare(train) }
    var draw = NegativeDraw(
      rowCount: batch.rowCount, count: batch.negativeCount, users: UnsafePointer(memory.users.base),
      items: memory.items.base, width: memory.width, stream: batch.negatives, firstPlace: batch.firstPlace)
    try sampler.refresh(
      SamplingContext(
        position: TrainingPosition(
          epoch: batch.place.epoch, step: state.stepsDone + 1, evaluations: batch.evaluations),
        place: batch.place, batch: draw, scorer: BatchScorer(self, batch, memory), pool: pool))
    memory.receive(sampler.gives)
    if sampler.gives.contains(.logProposal) { draw.logProposal = memory.channels[.logProposal]?.base }
    if sampler.gives.contains(.positiveLogProposal) {
      draw.positiveLogProposal = memory.channels[.positiveLogProposal]?.base
    }
    draw.trials = memory.channels[.trials]?.base
    return draw
  }

  /// Draws the negatives of a batch again and again, and trains nothing.
  func timeNegatives(
    _ batch: Batch, _ sampler: Sampler, _ objective: Objective, repeats: Int, load: BatchSource
  ) throws -> SamplerTiming {
    let memory = try open(batch, sampler, objective, load).memory
    return try SamplerUse.during(sampler) {
      var began = monotonicSeconds()
      func lap() -> Double {
        let now = monotonicSeconds()
        defer { began = now }
        return now - began
      }
      var draw = try refresh(batch, sampler, memory)
      let first = lap()
      var (refreshed, drawn) = (Double.infinity, Double.infinity)
      for _ in 0..<repeats {
        _ = lap()
        draw = try refresh(batch, sampler, memory)
        refreshed = min(refreshed, lap())
        run(draw, of: sampler, marks: false, pieces: memory.chunkRows)
        drawn = min(drawn, lap())
      }
      return SamplerTiming(
        firstRefresh: first, refresh: refreshed, draw: drawn, negatives: batch.rowCount * batch.negativeCount)
    }
  }

  /// Negatives that were given in place of drawn ones: nothing is known of how they came about.
  func take(_ negatives: [Int32], _ batch: Batch, _ loss: Loss, _ memory: BatchMemory) {
    memory.receive([])
    let count = batch.negativeCount
    negatives.withUnsafeBufferPointer { negatives in
      for row in 0..<batch.rowCount {
        (memory.items.base + row * memory.width + 1).update(from: negatives.baseAddress! + row * count, count: count)
      }
    }
    if marksItems(loss) { kernel_mark_rows(memory.items.base, batch.rowCount * memory.width, touched.base) }
  }

  private func run(_ draw: NegativeDraw, of sampler: Sampler, marks: Bool, pieces: Int) {
    let shared = Shared((sampler: sampler, draw: draw, touched: touched.base))
    pool.run(count: draw.rowCount, grain: pieces) { rows in
      shared.value.sampler.draw(shared.value.draw, rows: rows)
      if marks {
        let width = shared.value.draw.width
        kernel_mark_rows(
          shared.value.draw.items + rows.lowerBound * width, rows.count * width, shared.value.touched)
      }
    }
  }
}
