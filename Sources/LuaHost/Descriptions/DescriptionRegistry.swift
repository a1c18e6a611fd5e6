/// The types that one state knows.
final class DescriptionRegistry {
  /// By the address of the metatable, which the registry of Lua keeps alive.
  var entries: [UnsafeRawPointer: TypeEntry] = [:]
  private var bySwiftType: [ObjectIdentifier: TypeEntry] = [:]
  private var last: (identifier: ObjectIdentifier, entry: TypeEntry)?
  private(set) var byName: [String: TypeEntry] = [:]

  func add(_ entry: TypeEntry, metatable: UnsafeRawPointer) {
    entries[metatable] = entry
    bySwiftType[entry.description.swiftType] = entry
    byName[entry.description.name] = entry
  }

  func contains(_ description: TypeDescription) -> Bool { bySwiftType[description.swiftType] != nil }

  /// The entry of exactly this class. A loss makes thousands of values of one class a second: the last answer is kept.
  func entry(ofClass identifier: ObjectIdentifier) -> TypeEntry? {
    if let last, last.identifier == identifier { return last.entry }
    guard let entry = bySwiftType[identifier] else { return nil }
    last = (identifier, entry)
    return entry
  }

  /// The entry of the object's type, or of the nearest superclass that has one.
  func entry(for object: Any) -> TypeEntry? {
    let identifier = ObjectIdentifier(type(of: object))
    if let entry = bySwiftType[identifier] { return entry }
    var mirror = Mirror(reflecting: object).superclassMirror
    while let current = mirror {
      if let entry = bySwiftType[ObjectIdentifier(current.subjectType)] {
        bySwiftType[identifier] = entry
        return entry
      }
      mirror = current.superclassMirror
    }
    return nil
  }
}
