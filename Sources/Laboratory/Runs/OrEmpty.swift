/// A list that is empty where a record of an earlier version does not have it.
@propertyWrapper
public struct OrEmpty<Element: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  public var wrappedValue: [Element]

  public init() { wrappedValue = [] }

  public init(from decoder: any Decoder) throws { wrappedValue = try [Element](from: decoder) }

  public func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension KeyedDecodingContainer {
  func decode<Element>(_ type: OrEmpty<Element>.Type, forKey key: Key) throws -> OrEmpty<Element> {
    try decodeIfPresent(type, forKey: key) ?? OrEmpty()
  }
}
