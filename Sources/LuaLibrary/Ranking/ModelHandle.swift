import Interactions
import LuaHost
import Ranking

/// A model as scripts see it: with the split whose users and items it knows by their own identifiers.
public final class ModelHandle: FactorModel, LuaObject {
  public static var luaName: String { "Model" }
  public let model: MatrixFactorization
  public let split: Split

  init(model: MatrixFactorization, split: Split) {
    self.model = model
    self.split = split
  }

  public func factorScores() -> FactorScores { model.factorScores() }

  var dropout: Schedule {
    get { model.dropout }
    set { model.dropout = newValue }
  }
}
