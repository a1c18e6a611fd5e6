import Interactions
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
      details:
        "With them is written what the model is: its kind and settings, its score, the data's name and identifiers, and which train parts "
        + "it has learned from. `perigee.load` makes the model again from the file.",
      example: "model:save \"gowalla-mml.model\"",
      parameters: [.init("path", .string, "The file; one that is there is replaced.")],
      options: [also("Parameters of a loss to be kept with the model, such as `loss.user_margins`.")],
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let handle = call.receiver(ModelHandle.self)
      try ModelFile.write(
        handle.model, with: try parameters(call), data: handle.split.dataset, to: call.string("path"))
      handle.recorder?.attach("model", try call.string("path"))
      return [call.receiverValue]
    }
  }

  private static var load: FunctionDescription {
    FunctionDescription(
      "load", "Puts back the parameters that `save` wrote, into a model made in the same way for the same data.",
      details:
        "A model of another kind, with another score or other settings, or for other data is refused. What it was trained on is then known "
        + "as before it was saved.",
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

  /// `perigee.load`
  static var loadModel: FunctionDescription {
    FunctionDescription(
      "load", "Makes the model that `model:save` wrote to a file, without being told what it is.",
      details:
        "A native model. One that a script wrote as functions is made by the script, and takes its parameters by `model:load`; so does one "
        + "from a file of an earlier version. Dropout that was a number is set again. With a data set in place of a split the model "
        + "recommends what its users do not have in the whole of it.",
      example: """
        local model = perigee.load("gowalla-mml.model", { data = split })
        print(perigee.evaluate(model, split))
        """,
      parameters: [.init("path", .string, "The file.")],
      options: [
        .init(
          "data", .object(Split.self).or(.object(Dataset.self)),
          "The split that the model was trained on or is to be used with, or the data set itself."),
        also("Parameters that were kept with the model and are to be put back too."),
      ], returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let given = call.optionalObject("data", as: Split.self)
      let split = try given ?? Split(whole: call.object("data", as: Dataset.self))
      let model = try ModelFile.make(
        from: call.string("path"), with: try parameters(call), data: split.dataset, train: given?.train)
      return [ModelHandle(model: model, split: split)]
    }
  }

  private static func parameters(_ call: LuaCall) throws -> [Parameter] {
    call.has("also") ? try call.objects("also", as: Parameter.self) : []
  }
}

extension Split {
  /// All of a data set to train on, nothing held out.
  convenience init(whole data: Dataset) {
    let nothing = InteractionMatrix(userCount: data.userCount, itemCount: data.itemCount, users: [], items: [])
    self.init(dataset: data, train: data.interactions, valid: nil, test: nothing, rule: "all")
  }

  /// Whether the train part has everything that is known, so that nothing which was held out can be among it.
  var holdsNothingOut: Bool { train.count == dataset.interactions.count }
}
