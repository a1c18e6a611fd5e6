extension Dataset {
  /// Opens a known name ("gowalla"), a file or a folder, in any of the field's formats.
  ///
  /// - Throws: `DataError` that names the file, the line, what was expected and what stood there, and the remedy.
  /// - Complexity: O(bytes + interactions + users + items).
  public static func open(_ nameOrPath: String, _ options: OpenOptions = OpenOptions()) throws(DataError) -> Dataset {
    let location = try DataLocation.resolve(nameOrPath)
    return try ReadingPlan(location: location, options: options).open()
  }
}
