import LuaHost
import Ranking

/// `trainer:save` and `trainer:load`: everything that decides the next bit, in a file.
enum TrainerSaving {
  static var save: FunctionDescription {
    FunctionDescription(
      "save",
      "Writes everything that decides how training goes on to a file, which gets its name only when it is whole.",
      details:
        "Parameters with what the optimizer keeps of them, the place in the epoch, `history`, `best`, what schedules remember, and numbers "
        + "that were assigned (`batch`, `rate` and the like). Variables of the script and functions are no part of it: the script makes "
        + "them anew. For evaluation and recommendation `model:save` is enough.",
      example: "trainer:epoch()\ntrainer:save \"today.trainer\"",
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      returns: [.init("trainer", .object(TrainerHandle.self), "The trainer.")]
    ) { call in
      try call.receiver(TrainerHandle.self).trainer.save(to: call.string("path"))
      return [call.receiverValue]
    }
  }

  static var load: FunctionDescription {
    FunctionDescription(
      "load",
      "Goes back to where a trainer stood when it was saved: training goes on with the same bits, at any number of threads.",
      details:
        "For a trainer that was made in the same way, by the same script, on the same data: another one is refused, and the error names "
        + "what differs. A file that `trainer:run` wrote as its checkpoint can be loaded too.",
      example: "local trainer = make_trainer()\ntrainer:load \"today.trainer\"\ntrainer:run { epochs = 10 }",
      parameters: [.init("path", .string, "The file.")],
      returns: [.init("trainer", .object(TrainerHandle.self), "The trainer.")]
    ) { call in
      let handle = call.receiver(TrainerHandle.self)
      try handle.trainer.load(from: call.string("path"))
      handle.accountForParameters(call.state)
      return [call.receiverValue]
    }
  }
}
