import LuaHost
import Ranking

// Parameters in a file.

extension ModelsModule {
  static var savingMethods: [FunctionDescription] { [save, load] }

  private static func also(_ summary: String) -> OptionDescription {
    .init("also", .list(.object(Parameter.self), count: 1...64), summary, optional: true)
  }

  private static var save: FunctionDescription {
    FunctionDescription(
      "save", "Writes the parameters as they stand now to a file, which gets its name only when it is whole.",
      details: "With them are written the score's name and which train parts the model has learned from.",
      example: "model:save \"gowalla-mml.model\"",
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      options: [also("Parameters of a loss to be kept with the model, such as `loss.user_margins`.")],
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      try ModelFile.write(
        handle.model, with: try parameters(call), data: handle.split.dataset, to: call.string("path"))
      return [call.receiverValue]
    }
  }

  private static var load: FunctionDescription {
    FunctionDescription(
      "load", "Puts back the parameters that `save` wrote, into a model made in the same way for the same data.",
      details: "A model with another score is refused. What it was trained on is then known as before it was saved.",
      example: "local model = perigee.models.mf { data = split, dim = 64 }:load \"gowalla-mml.model\"",
      parameters: [.init("path", .string, "The file.")],
      options: [also("Parameters that were kept with the model and are to be put back too.")],
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      try ModelFile.read(
        into: handle.model, with: try parameters(call), data: handle.split.dataset, from: call.string("path"))
      return [call.receiverValue]
    }
  }

  private static func parameters(_ call: LuaCall) throws -> [Parameter] {
    call.has("also") ? try call.objects("also", as: Parameter.self) : []
  }
}
