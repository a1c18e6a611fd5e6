import Foundation
import Testing

/// One file of golden vectors: inputs and what a float64 reference made of them.
struct Golden {
  private indirect enum Node: Decodable {
    case number(Double)
    case text(String)
    case list([Node])
    case object([String: Node])
    case null

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
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
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    let data = try Data(contentsOf: folder.appendingPathComponent("\(name).json"))
    self.name = name
    root = try JSONDecoder().decode(Node.self, from: data)
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
  func number(_ path: String) throws -> Double { try #require(numbers(path).first, "\(name) has no \(path)") }
  func optionalNumber(_ path: String) -> Double? { numbers(path).first }
  func text(_ path: String) -> String? { if case .text(let value) = node(path) { value } else { nil } }
}
