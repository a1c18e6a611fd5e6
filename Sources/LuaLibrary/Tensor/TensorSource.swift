import LuaHost
import Ranking
import Tensors

/// What may stand where a function takes a tensor: a tensor, a parameter, the users or items of a batch.
///
/// Every function reads such an argument through `LuaCall.tensor(_:)`, so that all of them take the same.
protocol TensorSource {
  /// The numbers that it stands for, recorded where an encoding under way differentiates them.
  func tensor(in state: LuaState) throws -> Tensor
}

extension Tensor: TensorSource {
  func tensor(in state: LuaState) -> Tensor { self }
}

extension LuaType {
  /// What a function returns.
  static var tensor: LuaType { .object(Tensor.self) }
  /// What a function takes.
  static var anyTensor: LuaType { .tensor.or(.object(Parameter.self)).or(.object(BatchRows.self)) }
  /// What takes part in arithmetic.
  static var operand: LuaType { .anyTensor.or(.real) }
  static var shape: LuaType { .integer(atLeast: 0).or(.list(.integer(atLeast: 0))) }
  /// Where rows are: numbers, or a tensor of them.
  static var positions: LuaType { .list(.integer).or(.anyTensor) }
}

extension LuaCall {
  /// The receiver of a method of tensors.
  var tensor: Tensor { get throws { try receiver((any TensorSource).self).tensor(in: state) } }

  func tensor(_ name: String) throws -> Tensor { try object(name, as: (any TensorSource).self).tensor(in: state) }

  /// `nil` where it was left out, or is no tensor where the type allows others.
  func optionalTensor(_ name: String) throws -> Tensor? {
    try optionalObject(name, as: (any TensorSource).self)?.tensor(in: state)
  }

  func tensors(_ name: String) throws -> [Tensor] {
    try objects(name, as: (any TensorSource).self).map { try $0.tensor(in: state) }
  }

  /// A tensor, or a number as a tensor of rank 0.
  func operand(_ name: String) throws -> Tensor { try optionalTensor(name) ?? Tensor(float(name)) }
}
