import Interactions
import LuaHost
import Ranking

/// A model as scripts see it: with the split whose users and items it knows by their own identifiers.
public final class ModelHandle: FactorModel, LuaObject {
  public static var luaName: String { "Model" }
  public let model: any RankingModel
  public let split: Split

  init(model: any RankingModel, split: Split) {
    self.model = model
    self.split = split
  }

  public func factorScores() throws -> FactorScores { try model.factorScores() }

  var dropout: Schedule {
    get { model.dropout }
    set { model.dropout = newValue }
  }
}
