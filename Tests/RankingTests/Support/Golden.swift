import Foundation
import Tensors
import Testing

/// One file of golden vectors: inputs and what a float64 reference made of them.
struct Golden {
  private indirect enum Node: Decodable {
    case number(Double)
    case flag(Bool)
    case text(String)
    case list([Node])
    case object([String: Node])
    case null

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .flag(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else if let value = try? container.decode(String.self) {
        self = .text(value)
      } else if let value = try? container.decode([Node].self) {
        self = .list(value)
      } else {
        self = .object(try container.decode([String: Node].self))
      }
    }

    var numbers: [Double] {
      switch self {
      case .number(let value): [value]
      case .list(let items): items.flatMap(\.numbers)
      default: []
      }
    }

    var rows: [[Double]] { if case .list(let items) = self { items.map(\.numbers) } else { [] } }
  }

  let name: String
  private let root: Node

  /// - Parameter name: The file's name without `.json`, such as `ccl.sum.a`.
  init(_ name: String) throws {
    let data = try Data(contentsOf: Self.folder().appendingPathComponent("\(name).json"))
    self.name = name
    root = try JSONDecoder().decode(Node.self, from: data)
  }

  private init(name: String, root: Node) {
    self.name = name
    self.root = root
  }

  private static func folder() throws -> URL {
    try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
  }

  /// Names and families of all golden vectors that there are, also of those that are not in the folder.
  static func index() throws -> [(name: String, family: String)] {
    let text = try String(contentsOf: folder().appendingPathComponent("INDEX.tsv"), encoding: .utf8)
    return text.split(separator: "\n").dropFirst().map {
      let columns = $0.split(separator: "\t").map(String.init)
      return (columns[0], columns[1])
    }
  }

  private func node(_ path: String) -> Node {
    path.split(separator: ".").reduce(root) { node, key in
      if case .object(let members) = node { members[String(key)] ?? .null } else { .null }
    }
  }

  /// All numbers beneath `path`, row major; none where there is nothing.
  func numbers(_ path: String) -> [Double] { node(path).numbers }
  func floats(_ path: String) -> [Float] { numbers(path).map(Float.init) }
  func integers(_ path: String) -> [Int32] { numbers(path).map(Int32.init) }
  /// The rows of a matrix; a vector counts as a matrix of one column.
  func rows(_ path: String) -> [[Double]] { node(path).rows }
  /// The same in single precision, nil where there is nothing.
  func floatRows(_ path: String) -> [[Float]]? { has(path) ? rows(path).map { $0.map(Float.init) } : nil }
  func tensor(_ path: String) throws -> Tensor { try Tensor(rows(path).map { $0.map(Float.init) }) }
  func has(_ path: String) -> Bool { if case .null = node(path) { false } else { true } }
  func number(_ path: String) throws -> Double { try #require(numbers(path).first, "\(name) has no \(path)") }
  func optionalNumber(_ path: String) -> Double? { numbers(path).first }
  /// False, with an issue, where the file has no true or false there.
  func flag(_ path: String) -> Bool {
    guard case .flag(let value) = node(path) else {
      Issue.record("\(name) has no flag \(path)")
      return false
    }
    return value
  }
  /// The elements of a list of objects.
  func objects(_ path: String) -> [Golden] {
    if case .list(let items) = node(path) { items.map { Golden(name: name, root: $0) } } else { [] }
  }
  func text(_ path: String) -> String? { if case .text(let value) = node(path) { value } else { nil } }
}
