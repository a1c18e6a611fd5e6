/// The items that are to be scored for each of some users: first those that are looked for, then what they are ranked among.
struct ItemRows: Sendable {
  /// `[users + 1]`: the items of the user at `position` are `items[offsets[position]..<offsets[position + 1]]`.
  private(set) var offsets = [0]
  private(set) var items: [Int32] = []
  /// `[users]`: how many of a user's items are looked for.
  private(set) var relevantCounts: [Int] = []

  /// Adds the row of the next user.
  mutating func append(relevant: some Collection<Int32>, others: some Collection<Int32>) {
    items.append(contentsOf: relevant)
    items.append(contentsOf: others)
    offsets.append(items.count)
    relevantCounts.append(relevant.count)
  }

  func range(at position: Int) -> Range<Int> { offsets[position]..<offsets[position + 1] }

  func relevant(at position: Int) -> Range<Int> {
    offsets[position]..<offsets[position] + relevantCounts[position]
  }

  func others(at position: Int) -> Range<Int> {
    offsets[position] + relevantCounts[position]..<offsets[position + 1]
  }
}
