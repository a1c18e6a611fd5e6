import LuaHost
import Ranking

// Parameters in a file.

extension ModelsModule {
  static var savingMethods: [FunctionDescription] { [save, load] }

  private static var save: FunctionDescription {
    FunctionDescription(
      "save", "Writes the parameters as they stand now to a file, which gets its name only when it is whole.",
      example: "model:save \"gowalla-mml.model\"",
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      try ModelFile.write(handle.model, data: handle.split.dataset, to: call.string("path"))
      return [call.receiverValue]
    }
  }

  private static var load: FunctionDescription {
    FunctionDescription(
      "load", "Puts back the parameters that `save` wrote, into a model made in the same way for the same data.",
      example: "local model = perigee.models.mf { data = split, dim = 64 }:load \"gowalla-mml.model\"",
      parameters: [.init("path", .string, "The file.")],
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      try ModelFile.read(into: handle.model, data: handle.split.dataset, from: call.string("path"))
      return [call.receiverValue]
    }
  }
}
