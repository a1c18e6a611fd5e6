import Platform

/// A file open for reading, closed once: when its owner goes.
///
/// A property rather than a bare descriptor with a `deinit` beside it: of an initializer that throws, Swift runs the class's `deinit`
/// if and only if all its properties were set by then. Who closes by hand before throwing then closes twice, and the second time
/// maybe a file that another thread has just opened.
final class OpenFile {
  let descriptor: Int32

  /// `nil` where the file cannot be opened; `errno` says why.
  init?(path: String) {
    descriptor = Platform.open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
