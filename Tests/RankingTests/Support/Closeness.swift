import Testing

/// Expects `|a - b| <= atol + rtol |b|` for every element; reports the worst one.
func expectClose<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
  _ actual: [A], _ expected: [B], rtol: Double = 2e-5, atol: Double = 2e-6, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(what): \(actual.count) numbers, want \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  var worst = (excess: 0.0, index: -1)
  for (index, (a, b)) in zip(actual, expected).enumerated() {
    let gap = abs(Double(a) - Double(b)) - (atol + rtol * abs(Double(b)))
    if !(gap <= worst.excess) { worst = (gap.isNaN ? .infinity : gap, index) }
  }
  if worst.index >= 0 {
    Issue.record(
      "\(what)[\(worst.index)] is \(actual[worst.index]), want \(expected[worst.index])", sourceLocation: sourceLocation
    )
  }
}

func expectClose<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
  _ actual: A, _ expected: B, rtol: Double = 2e-5, atol: Double = 2e-6, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose([actual], [expected], rtol: rtol, atol: atol, what, sourceLocation: sourceLocation)
}
