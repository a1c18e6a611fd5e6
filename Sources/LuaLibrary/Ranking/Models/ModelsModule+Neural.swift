import Interactions
import LuaHost
import Ranking

// Networks over embeddings: `ncf`, `gmf` and `neumf`.

extension ModelsModule {
  private static let paper = "He et al., \"Neural Collaborative Filtering\", WWW 2017"

  static var ncf: FunctionDescription {
    FunctionDescription(
      "ncf",
      "Neural collaborative filtering: a tower of layers over the embeddings of a user and an item (the MLP variant).",
      details:
        "The score is the logit: `losses.bce` adds the sigmoid. Parameters are `user`, `item`, `layer1_weight`, `layer1_bias`, ... , "
        + "`output_weight` and `output_bias`; with rates as high as UIB's (1 with Adagrad) give the layers one of their own: "
        + "`groups = { { parameters = { \"layer*\", \"output*\" }, rate = 0.01 } }` of an optimizer.",
      equation: "z_1 = relu(A_1 [P_u; Q_i] + a_1);  z_k = relu(A_k z_{k-1} + a_k);  score = <h, z_K> + c",
      source: paper + ", section 3.3; with boundary it is NCF+UIB (WWW 2022, Eq. 7)",
      example: "local model = perigee.models.ncf { data = split, dim = 32, layers = { 32, 16, 8 } }",
      options: [dataOption, dimOption] + towerOptions + commonOptions,
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      let (dim, layers) = try towerSizes(call, dim: call.integer("dim"), dimName: "dim")
      let model = try NCF(
        try neuralConfiguration(call, split, dim: dim), tower: try towerConfiguration(call, layers: layers))
      model.dropoutPlace = try call.choice("dropout_on")
      return [try neuralHandle(call, model, split)]
    }
  }

  static var gmf: FunctionDescription {
    FunctionDescription(
      "gmf", "Generalized matrix factorization: an inner product in which each dimension has a weight.",
      details: "Parameters are `user`, `item`, `output_weight` and `output_bias`.",
      equation: "score = <h, P_u * Q_i> + c", source: paper + ", section 3.2",
      example: "local model = perigee.models.gmf { data = split, dim = 32 }",
      options: [dataOption, dimOption, .init("bias", .boolean, "Whether there is a c.", default: true)] + commonOptions,
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      let model = try GMF(
        try neuralConfiguration(call, split, dim: try call.integer("dim")), hasBias: try call.boolean("bias"))
      return [try neuralHandle(call, model, split)]
    }
  }

  static var neumf: FunctionDescription {
    FunctionDescription(
      "neumf",
      "Neural matrix factorization: `gmf` and the tower of `ncf`, with embeddings of their own, scored together.",
      details:
        "Parameters are `user`, `item` and `gmf_output_weight` of the product, `mlp_user`, `mlp_item`, `layer1_weight`, ... , "
        + "`output_weight` of the tower, and `output_bias`. `pretrained` starts it from two trained models, whose sizes it takes unless "
        + "they are given; nothing is shared with them.",
      equation: "score = <h_g, Pg_u * Qg_i> + <h_m, MLP([Pm_u; Qm_i])> + c", source: paper + ", section 3.4",
      example: """
        local gmf = perigee.models.gmf { data = split, dim = 32 }
        local mlp = perigee.models.ncf { data = split, dim = 32 }
        -- ... both trained ...
        local model = perigee.models.neumf { data = split, pretrained = { gmf = gmf, mlp = mlp, alpha = 0.5 } }
        """,
      options: [
        dataOption,
        .init("dim", .integer(in: 1...4096), "Length of an embedding in the product.", default: 32),
        .init(
          "mlp_dim", .integer(in: 1...4096), "Length of an embedding in the tower; `dim` if left out.", optional: true),
        .init(
          "pretrained",
          .options([
            .init("gmf", .object(ModelHandle.self), "A `gmf` of the same data."),
            .init("mlp", .object(ModelHandle.self), "An `ncf` of the same data."),
            .init(
              "alpha", .number(in: 0...1), "What the gmf's score counts; the ncf's counts 1 - alpha.", default: 0.5),
          ]), "Models to start from.", optional: true),
      ] + towerOptions + commonOptions,
      returns: [.init("model", .object(ModelHandle.self), "The model.")]
    ) { call in
      let split = try call.object("data", as: Split.self)
      let pretrained = try PretrainedModels(call, split)
      let dim = call.has("dim") ? try call.integer("dim") : try pretrained?.gmf.dim ?? call.integer("dim")
      let towerDim = call.optionalInteger("mlp_dim") ?? pretrained?.mlp.dim ?? dim
      let (mlpDim, layers) = try towerSizes(
        call, dim: towerDim, dimName: "mlp_dim", layers: pretrained?.mlp.layers)
      let model = try NeuMF(
        try neuralConfiguration(call, split, dim: dim), towerDim: mlpDim,
        tower: try towerConfiguration(call, layers: layers))
      model.dropoutPlace = try call.choice("dropout_on")
      if let pretrained { try model.start(fromProduct: pretrained.gmf, tower: pretrained.mlp, alpha: pretrained.alpha) }
      return [try neuralHandle(call, model, split)]
    }
  }

  // MARK: Options

  private static var dataOption: OptionDescription { .init("data", .object(Split.self), "Whose users and items.") }

  private static var dimOption: OptionDescription {
    .init("dim", .integer(in: 1...4096), "Length of an embedding.", default: 32)
  }

  private static var towerOptions: [OptionDescription] {
    [
      .init(
        "layers", .list(.integer(in: 1...4096), count: 1...16),
        "Outputs of each hidden layer; three that halve, the first as wide as an embedding, if left out.",
        optional: true),
      .init(
        "tower", .list(.integer(in: 1...8192), count: 2...17),
        "The same after the length of the two embeddings beside each other, as He et al. write it: `{ 64, 32, 16, 8 }`.",
        optional: true),
      .init(
        "layer_init", .choice(LayerInitialization.self),
        "How weights of hidden layers start: uniform within sqrt(6 / (inputs + outputs)) or sqrt(3 / inputs). Biases start at 0.",
        default: "glorot_uniform"),
      .init(
        "dropout_on", .choice([DropoutPlace.parameters.rawValue, DropoutPlace.layers.rawValue]),
        "parameters: on each embedding as it is looked up. layers: on the outputs of each hidden layer too.",
        default: "parameters"),
    ]
  }

  private static var commonOptions: [OptionDescription] {
    [
      .init("init", embeddingInitializationType, "How embeddings start.", optional: true),
      .init(
        "output_init", .choice(LayerInitialization.self), "How the weights of the score start.",
        default: "lecun_uniform"),
      .init(
        "boundary", .choice(Boundary.Kind.self), "As for `mf`, of the user's embedding as it enters the network.",
        optional: true),
      .init(
        "dropout", .schedule(.dropout),
        "Share of each embedding that is dropped in training, anew for each user of a batch's rows and each item.",
        default: 0),
      .init("seed", .integer(atLeast: 0), "Of the initial parameters.", default: 0),
    ]
  }

  private static var embeddingInitializationType: LuaType {
    .options([
      .init(
        "kind", .choice(["normal", "uniform", "xavier_uniform", "xavier_normal"]), "Distribution of the embeddings.",
        default: "normal"),
      .init("std", .number(above: 0), "Deviation of `normal`.", default: 0.01),
      .init("bound", .number(above: 0), "Bound of `uniform`.", default: 0.1),
    ])
  }

  private static func neuralConfiguration(_ call: LuaCall, _ split: Split, dim: Int) throws -> NeuralConfiguration {
    var configuration = NeuralConfiguration(userCount: split.userCount, itemCount: split.itemCount, dim: dim)
    configuration.initialization =
      switch try call.string("init.kind") {
      case "uniform": .uniform(bound: try call.number("init.bound"))
      case "xavier_uniform": .xavierUniform
      case "xavier_normal": .xavierNormal
      default: .normal(standardDeviation: try call.number("init.std"))
      }
    configuration.outputInitialization = try call.choice("output_init")
    configuration.boundary = call.optionalString("boundary").flatMap(Boundary.Kind.init)
    configuration.seed = UInt64(try call.integer("seed"))
    return configuration
  }

  private static func towerConfiguration(_ call: LuaCall, layers: [Int]) throws -> TowerConfiguration {
    var configuration = TowerConfiguration(layers: layers)
    configuration.initialization = try call.choice("layer_init")
    return configuration
  }

  /// The length of an embedding and the hidden layers' outputs.
  ///
  /// - Parameter layers: Those of a pretrained model, which count unless a script says others.
  private static func towerSizes(_ call: LuaCall, dim: Int, dimName: String, layers: [Int]? = nil) throws -> (
    Int, [Int]
  ) {
    if call.has("layers"), call.has("tower") {
      throw call.error("tower", "says the same as layers; give one of them")
    }
    if let tower = call.optionalTable("tower") {
      let widths = try tower.array().compactMap(\.asInteger)
      guard widths[0] % 2 == 0 else {
        throw call.error("tower", "begins with \(widths[0]); want the length of two embeddings, an even number")
      }
      guard !call.has(dimName) || widths[0] == 2 * dim else {
        throw call.error(
          "tower",
          "begins with \(widths[0]), and two embeddings of \(dimName) = \(dim) are \(2 * dim) long; leave \(dimName) out"
        )
      }
      return (widths[0] / 2, Array(widths.dropFirst()))
    }
    if let table = call.optionalTable("layers") { return (dim, try table.array().compactMap(\.asInteger)) }
    return (dim, layers ?? TowerConfiguration(halvingFrom: dim).layers)
  }

  private static func neuralHandle(_ call: LuaCall, _ model: any RankingModel, _ split: Split) throws -> ModelHandle {
    let handle = ModelHandle(model: model, split: split)
    handle.dropout = try call.schedule("dropout", ownedBy: handle)
    return handle
  }
}

/// `pretrained` of `neumf`: models of the same data.
private struct PretrainedModels {
  let gmf: GMF
  let mlp: NCF
  let alpha: Double

  init?(_ call: LuaCall, _ split: Split) throws {
    guard call.has("pretrained") else { return nil }
    func model<Model>(_ role: String, _ type: Model.Type, _ kind: String) throws -> Model {
      let name = "pretrained.\(role)"
      let handle = try call.object(name, as: ModelHandle.self)
      guard let model = handle.model as? Model else {
        throw call.error(name, "is models.\(handle.model.name); want models.\(kind)")
      }
      guard handle.split.dataset.identifierHash == split.dataset.identifierHash else {
        throw call.error(
          name,
          "was made for other users and items than those of \(split.dataset.name); make all three for the same data")
      }
      return model
    }
    gmf = try model("gmf", GMF.self, "gmf")
    mlp = try model("mlp", NCF.self, "ncf")
    alpha = try call.number("pretrained.alpha")
  }
}
