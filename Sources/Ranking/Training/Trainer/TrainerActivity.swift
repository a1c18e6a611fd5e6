/// What a trainer is in the middle of. Losses, schedules, encodings and callbacks run there and may call anything, the trainer
/// included, which then has to refuse.
enum TrainerActivity {
  case batch(TrainingPosition)
  case epoch(Int)
  case run

  /// - Parameter what: What was asked for: `a batch`, `an epoch`, `a run`.
  func refusal(of what: String) -> String {
    switch self {
    case .batch(let position):
      "\(what) cannot begin inside a batch (epoch \(position.epoch), step \(position.step)) of the same trainer: its loss, schedules and "
        + "encode are part of that batch. Train outside of them, or train another model by a trainer of its own here"
    case .epoch(let epoch):
      "\(what) cannot begin inside epoch \(epoch) of the same trainer, from what is called after a batch; that epoch goes on by itself. "
        + "Train after it, or train another model by a trainer of its own here"
    case .run:
      "\(what) cannot begin inside a run of the same trainer, from what is called after an epoch; that run goes on by itself. Return "
        + "false from on_epoch to end it and train then, or train another model by a trainer of its own here"
    }
  }
}
