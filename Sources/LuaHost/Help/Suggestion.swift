import Platform

/// `, did you mean 'seed'?`, or the known names when none is near.
public func suggestion(for name: String, in candidates: [String]) -> String {
  if let nearest = nearestName(to: name, in: candidates) { return ", did you mean '\(nearest)'?" }
  if candidates.isEmpty { return "" }
  return "; known: " + candidates.sorted().joined(separator: ", ")
}
