import Platform

/// A line on standard error for what is legal but probably not meant.
func warn(_ text: String) { note("warning: \(text)") }

/// A line on standard error.
func note(_ text: String) {
  let line = Array("\(text)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
