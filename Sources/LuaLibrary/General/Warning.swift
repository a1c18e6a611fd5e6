import Platform

/// A line on standard error for what is legal but probably not meant.
func warn(_ text: String) {
  let line = Array("warning: \(text)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
