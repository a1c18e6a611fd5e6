/// The name among `candidates` that `name` was probably meant to be; `nil` when none is close. Capitals do not count.
///
/// Close is an edit distance (with swaps of neighbors) of at most a third of the length, at least 1, or one name being the beginning
/// of the other; to a name of more than 100 bytes nothing is. Ties go to the first in alphabetical order.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  // What a script wrote may be of any length, and the distance takes time by it.
  guard name.utf8.count <= 100 else { return nil }
  let target = Array(name.lowercased().utf8)
  let limit = max(1, (target.count + 1) / 3)
  var best: (distance: Int, name: String)?
  for candidate in candidates.sorted() {
    let other = Array(candidate.lowercased().utf8)
    var distance = editDistance(target, other)
    if distance > limit, target.count >= 3,
      other.starts(with: target) || (other.count >= 3 && target.starts(with: other))
    {
      distance = limit
    }
    if distance <= limit, distance < (best?.distance ?? .max) { best = (distance, candidate) }
  }
  return best?.name
}

/// Insertions, deletions, substitutions and swaps of neighbors. O(a · b).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
      current.append(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.count]
}
