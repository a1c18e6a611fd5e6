/// Folders on the way to files.
public enum Folders {
  /// Makes the folder that a file is to be in, and those above it. What stands in the way, the file's own writing tells.
  public static func make(for path: String) {
    for (index, character) in path.enumerated() where character == "/" && index > 0 {
      mkdir(String(path.prefix(index)), 0o777)
    }
  }
}
