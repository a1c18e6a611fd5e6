/// What a case is made of; the report counts by it.
enum Kind: String, CaseIterable {
  case program, data, cache, model, tensor, config, fault

  /// Whether a case is about files that are read.
  var isOfFiles: Bool { self != .program && self != .fault }

  /// How the report calls many of them.
  var plural: String {
    switch self {
    case .program: "programs"
    case .data: "data files"
    case .cache: "caches"
    case .model: "saved models"
    case .tensor: ".npy files"
    case .config: "configs"
    case .fault: "faults"
    }
  }

  /// Of 32 cases in a row 24 are programs and 6 are files.
  init(ofCase number: Int) {
    switch number % 32 {
    case 4, 12, 20: self = .data
    case 8: self = .cache
    case 16: self = .model
    case 24: self = .tensor
    case 28: self = .config
    case 31: self = .fault
    default: self = .program
    }
  }
}

/// Something that goes wrong around a program while it runs.
enum Fault: Equatable {
  /// From a statement on no file can grow beyond so many bytes, as on a full disk.
  case fullDisk(bytes: Int, from: Int)
  /// Lua can have only so many bytes more than it has at the beginning.
  case littleMemory(bytes: Int)
  /// Ctrl-C as a statement begins.
  case interruption(at: Int)
  /// The program runs in a process of its own that is killed; then the statements after `-- after` run here.
  case kill(microseconds: Int)
}

struct CaseFile: Equatable {
  /// Relative to the folder in which the case runs.
  var path: String
  var bytes: [UInt8]
  /// Whether its header holds a checksum of the rest, which is made right before the case runs.
  var isChecked = false
}

/// What is tried once: a program, the files beside it, a fault.
struct Case: Equatable {
  var kind: Kind
  var files: [CaseFile] = []
  var statements: [String]
  var fault: Fault?

  var program: String { statements.joined(separator: "\n") + "\n" }

  /// The name of what the statement of this number calls, as the program's text has it: `(12, "Tensor:sum", ...)`.
  func callee(of statement: Int) -> String? {
    guard let range = program.firstRange(of: "(\(statement), \"") else { return nil }
    return String(program[range.upperBound...].prefix { $0 != "\"" })
  }
}

/// How a case ended.
enum Outcome: Int, CaseIterable {
  /// Nothing that a program did was refused; a file was read.
  case accepted
  /// Something was refused with an error.
  case refused
  /// It took long, and stopped when it was told to, as at Ctrl-C.
  case stopped
  /// The process died.
  case crashed
  /// It did not stop when told to.
  case hung
  /// It ended, but something that is promised does not hold.
  case broken

  var isFailure: Bool { self == .crashed || self == .hung || self == .broken }
}
