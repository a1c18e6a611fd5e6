import Interactions
import LuaHost
import Ranking

/// A trainer as scripts see it.
public final class TrainerHandle: LuaObject {
  public static var luaName: String { "Trainer" }
  let trainer: Trainer
  let model: ModelHandle
  let split: Split
  private(set) var loss: any Loss & LuaObject
  /// The loss's handle, which owns the Lua functions of its schedules or of itself.
  private var keptLoss: LuaOwned?
  private(set) var sampler: any Sampler & LuaObject
  private var keptSampler: LuaOwned?
  private var keptTerms: [LuaOwned] = []
  private var keptWeighting: LuaOwned?
  /// The handles of the parts, which own the Lua functions of schedules and losses.
  var kept: [LuaOwned] = []
  /// Bytes of parameters, as the collector was last told.
  fileprivate var accountedBytes = 0

  init(trainer: Trainer, model: ModelHandle, split: Split, loss: any Loss & LuaObject, sampler: any Sampler & LuaObject)
  {
    self.trainer = trainer
    self.model = model
    self.split = split
    self.loss = loss
    self.sampler = sampler
  }

  /// Puts another loss in place from the next batch on.
  func setLoss(_ name: String, in call: LuaCall) throws {
    let (loss, value) = try LossFunctions.loss(name, in: call)
    try keepLoss(value, in: call)
    self.loss = loss
    trainer.loss = loss
  }

  /// Draws by another sampler from the next batch on.
  func setSampler(_ name: String, in call: LuaCall) throws {
    let sampler = try Self.sampler(name, in: call)
    try trainer.useSampler(sampler)
    try keepSampler(call.value(name), in: call)
    self.sampler = sampler
  }

  /// Adds other terms to the loss from the next batch on. Their handles live as long as the trainer has them.
  func setTerms(_ name: String, in call: LuaCall) throws {
    try trainer.useTerms(call.objects(name, as: (any Term).self))
    keptTerms = try call.table(name).array().map { try call.own($0, by: self) }
  }

  /// Lets triplets count by other weights from the next batch on; false takes them away.
  func setWeighting(_ name: String, in call: LuaCall) throws {
    let importance = call.optionalObject(name, as: TripletImportance.self)
    guard importance != nil || call.value(name).asBoolean == false else {
      throw call.error(name, "got true; want a weighting, or false for none")
    }
    try trainer.learnImportance(importance)
    keptWeighting = importance == nil ? nil : try call.own(call.value(name), by: self)
  }

  /// Their handles.
  var terms: LuaList { get throws { LuaList(try keptTerms.map { try $0.value() }) } }

  static func sampler(_ name: String, in call: LuaCall) throws -> any Sampler & LuaObject {
    guard let sampler = call.value(name).asObject((any Sampler & LuaObject).self) else {
      throw call.error(name, "want a sampler")
    }
    return sampler
  }

  /// Lets the sampler's handle live as long as the trainer has the sampler.
  func keepSampler(_ value: LuaValue, in call: LuaCall) throws { keptSampler = try call.own(value, by: self) }

  /// Lets the loss's handle live as long as the trainer has the loss.
  func keepLoss(_ value: LuaValue, in call: LuaCall) throws { keptLoss = try call.own(value, by: self) }

  var rate: Schedule {
    get { trainer.optimizer.rate }
    set { trainer.optimizer.rate = newValue }
  }

  /// Where training stands, for reading a schedule between steps.
  var position: TrainingPosition { TrainingPosition(epoch: max(1, trainer.epoch), step: max(1, trainer.step)) }

  /// Runs native training so that Ctrl-C stops it between two batches, and errors name users by their identifiers.
  func training<Result>(_ state: LuaState, _ body: () throws -> Result) throws -> Result {
    let outer = trainer.isInterrupted
    trainer.isInterrupted = { state.isInterrupted }
    defer {
      trainer.isInterrupted = outer
      accountForParameters(state)
    }
    do {
      return try body()
    } catch let error as TrainingError where error.kind == .interrupted {
      throw LuaError(kind: .interrupted, message: error.description)
    }
  }
}

extension TrainerHandle {
  /// Tells the collector what training has added to the parameters of the model, the loss and the terms: moments, and gradients of a
  /// batch.
  func accountForParameters(_ state: LuaState) {
    let parameters = trainer.trainedParameters
    let bytes = parameters.reduce(0) { $0 + $1.byteCount }
    guard bytes != accountedBytes else { return }
    accountedBytes = bytes
    state.updateSize(of: model)
    state.updateSize(of: loss)
    for parameter in parameters where parameter.accountsForItself { state.updateSize(of: parameter) }
  }
}
