import Kernels

/// A compiled loss: what it computes once a batch, and what it computes for each block of rows, forward and backward.
///
/// It holds no numbers and no memory; `LossExecution` runs it.
struct LossProgram {
  /// One operation on numbers of the batch, in double precision.
  struct ScalarStep {
    let operation: LossOperation
    /// Places in the list of scalars; of leaves the slot and column; of batch reductions the buffer.
    let operands: (Int, Int, Int)
    let constant: Double
    /// Computed before this pass; in `passes.count` after the last.
    let pass: Int
  }

  /// What a batch gives.
  enum Input: Hashable {
    case positive, negative
    case channel(Channel)

    var name: String {
      switch self {
      case .positive: "positive"
      case .negative: "negative"
      case .channel(let channel): channel.name
      }
    }
  }

  /// What an instruction reads or writes outside its registers.
  enum ArrayPlace: Hashable {
    case scores(Input)
    case gradients(Input)
    case parameter(slot: Int, LossIndex)
    case tensor(slot: Int)
    /// Memory of the program's own, `[B]` or `[B, N]`.
    case buffer(Int)
  }

  /// What is done with a whole row or plane between two passes.
  struct BatchStep {
    let operation: LossOperation
    /// The buffers of the values and of the results; a scalar's result goes to the list of scalars.
    var input = -1
    var output = -1
    /// Done after this pass; before the first where it is -1.
    var pass = -1
  }

  struct Pass {
    var instructions: [program_instruction] = []
    var rowRegisters = 0
    var planeRegisters = 0
  }

  enum ParameterGradient {
    case rows(slot: Int, LossIndex, buffer: Int)
    case shared(slot: Int, column: Int, scalar: Int)
  }

  var passes: [Pass] = []
  var scalars: [ScalarStep] = []
  var arrays: [ArrayPlace] = []
  /// Kind of each buffer.
  var buffers: [ValueKind] = []
  var batchSteps: [BatchStep] = []
  var parameterGradients: [ParameterGradient] = []
  /// Numbers of the batch that belong to no row: they are added to the first row's value.
  var lateValue: Int?
  var usesUsers = false

  /// Whether each row's value and gradients depend on that row alone.
  var isRowwise: Bool {
    guard passes.count == 1, batchSteps.allSatisfy({ $0.operation == .batchSum }) else { return false }
    return lateValue.map { scalars[$0].pass == 0 } ?? true
  }
}
