import Kernels

/// A program in words, for the curious: `loss:program()` in Lua.
extension LossProgram: CustomStringConvertible {
  var description: String {
    var lines = ["computed once a batch:"]
    for (place, step) in scalars.enumerated() { lines.append("  s\(place) = \(text(of: step))") }
    for (index, pass) in passes.enumerated() {
      let count =
        passes.count == 1 ? "for each block of rows" : "pass \(index + 1) of \(passes.count), for each block of rows"
      lines.append("\(count) (\(pass.rowRegisters) row and \(pass.planeRegisters) plane registers):")
      lines += pass.instructions.map { "  " + text(of: $0) }
      lines += batchSteps.filter { $0.pass == index && $0.operation != .batchSum && $0.operation != .batchMaximum }
        .map { "  then b\($0.output) = \($0.operation)(b\($0.input))" }
    }
    for gradient in parameterGradients {
      switch gradient {
      case .shared(let slot, let column, let scalar):
        lines.append("gradient of parameter \(slot)[\(column)] = s\(scalar)")
      case .rows(let slot, let index, let buffer):
        lines.append("gradient of parameter \(slot)[\(index.scriptName)] = b\(buffer)")
      }
    }
    return lines.joined(separator: "\n")
  }

  private func text(of step: ScalarStep) -> String {
    let (a, b, c) = step.operands
    switch step.operation {
    case .constant: return "\(step.constant)"
    case .number: return "number \(a)"
    case .tensor: return "tensor \(a)"
    case .parameter: return "parameter \(a)[\(c)]"
    case .rowCount: return "batch_size"
    case .negativeCount: return "negative_count"
    case .batchSum, .batchMaximum: return "\(step.operation) of b\(a)"
    default: return "\(step.operation) " + [a, b, c].filter { $0 >= 0 }.map { "s\($0)" }.joined(separator: " ")
    }
  }

  private func text(of instruction: program_instruction) -> String {
    let letter = ["r", "p", "s"]
    let spaces = [instruction.operand_spaces.0, instruction.operand_spaces.1, instruction.operand_spaces.2]
    let places = [instruction.operands.0, instruction.operands.1, instruction.operands.2]
    func operand(_ index: Int) -> String { "\(letter[Int(spaces[index])])\(places[index])" }
    let result = "\(letter[Int(instruction.space)])\(instruction.result)"
    let code = Int(instruction.code)
    switch code {
    case PROGRAM_LOAD: return "\(result) = load \(text(of: arrays[Int(places[0])]))"
    case PROGRAM_STORE: return "store \(operand(0)) to \(text(of: arrays[Int(instruction.result)]))"
    case PROGRAM_VALUE: return "values += \(operand(1)) * \(operand(0))"
    default:
      let count = code == PROGRAM_SELECT ? 3 : PROGRAM_ADD...PROGRAM_GATE ~= code ? 2 : 1
      return "\(result) = \(instructionNames[code]) " + (0..<count).map(operand).joined(separator: " ")
    }
  }

  private func text(of place: ArrayPlace) -> String {
    switch place {
    case .scores(let input): input.name
    case .gradients(let input): "d \(input.name)"
    case .parameter(let slot, let index): "parameter \(slot)[\(index.scriptName)]"
    case .tensor(let slot): "tensor \(slot)"
    case .buffer(let index): "b\(index)"
    }
  }
}

/// In the order of the codes of `kernel_program.h`.
private let instructionNames = [
  "copy", "negate", "exp", "log", "log1p", "sqrt", "square", "reciprocal", "abs", "sign", "tanh", "sigmoid", "relu",
  "softplus", "add", "subtract", "multiply", "divide", "power", "minimum", "maximum", "less", "less_or_equal", "equal",
  "lead", "gate", "select", "negative_sum", "negative_maximum", "cumulate", "cumulate_backwards", "negative_rank",
]
