extension Dataset {
  /// Opens a known name ("gowalla"), a file or a folder, in any of the field's formats.
  ///
  /// - Parameter isInterrupted: Is asked now and then; true ends the reading with `DataError.interrupted`.
  /// - Throws: `DataError` that names the file, the line, what was expected and what stood there, and the remedy.
  /// - Complexity: O(bytes + interactions + users + items).
  public static func open(
    _ nameOrPath: String, _ options: OpenOptions = OpenOptions(), isInterrupted: @escaping () -> Bool = { false }
  ) throws(DataError) -> Dataset {
    let location = try DataLocation.resolve(nameOrPath)
    return try ReadingPlan(location: location, options: options, isInterrupted: isInterrupted).open()
  }
}
