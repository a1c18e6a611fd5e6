extension InteractionMatrix {
  /// For each item the users that have it, ascending: item i has `users[offsets[i]..<offsets[i + 1]]`.
  ///
  /// - Complexity: O(pairs).
  public func transposedRows() -> (offsets: [Int], users: [Int32]) {
    var offsets = [Int](repeating: 0, count: itemCount + 1)
    for item in items { offsets[Int(item) + 1] += 1 }
    for item in 0..<itemCount { offsets[item + 1] += offsets[item] }
    var next = offsets
    var users = [Int32](repeating: 0, count: count)
    for user in 0..<userCount {
      for item in self.items(of: user) {
        users[next[Int(item)]] = Int32(user)
        next[Int(item)] += 1
      }
    }
    return (offsets, users)
  }
}
