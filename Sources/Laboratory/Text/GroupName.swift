/// The name of a result of some users or items, taken apart: `ndcg@20/few items`, `ndcg@20/items/1`.
struct GroupName: Equatable {
  let metric: String
  let isOfItems: Bool
  let group: String

  /// `nil` for the name of a metric over all.
  ///
  /// - Parameter names: All names beside it: a metric of a script's own may have a slash in its name too.
  init?(_ name: String, among names: Set<String>) {
    let candidates = " among candidates"
    let suffix = name.hasSuffix(candidates) ? candidates : ""
    let parts = name.dropLast(suffix.count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, names.contains(parts[0] + suffix) else { return nil }
    metric = parts[0] + suffix
    isOfItems = parts[1].hasPrefix("items/")
    group = String(isOfItems ? parts[1].dropFirst(6) : parts[1])
  }
}
