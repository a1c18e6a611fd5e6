/// `value` with `places` decimals.
public func decimal(_ value: Double, _ places: Int) -> String {
  // An invalid operation may leave a NaN with a sign, which means nothing.
  guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
  return formatted("%.\(places)f", value)
}

/// `value` with so many digits that matter, as short as that can be: `0.25`, `1e-07`.
public func significant(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
  return formatted("%.\(digits)g", value == 0 ? 0 : value)
}

private func formatted(_ format: String, _ value: Double) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
    _ = withVaList([value]) { vsnprintf(buffer.baseAddress!, 400, format, $0) }
    return String(cString: buffer.baseAddress!)
  }
}

/// Seconds on a clock that only goes forward, for timing.
public func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
