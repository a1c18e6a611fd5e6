import Platform

/// The sanitizer that the tests were built with; see `scripts/sanitize`.
public enum Sanitizer {
  /// It delivers a signal only where instrumented code makes a call. Lua's library is not instrumented: a loop in Lua never stops.
  public static let isThread = dlsym(nil, "__tsan_init") != nil
  /// It keeps what was freed, and several bytes for each byte: limits of memory mean nothing.
  public static let isAny = isThread || dlsym(nil, "__asan_init") != nil
}
