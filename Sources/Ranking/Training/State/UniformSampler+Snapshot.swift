/// The count of negatives may have been assigned since the trainer was made.
extension UniformSampler: Stateful {
  public func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    snapshot["count"] = count.constant.map { .doubles([$0]) }
    return snapshot
  }

  public func restoration(from snapshot: Snapshot) throws -> () -> Void {
    guard snapshot["count"] != nil else { return {} }
    let count = try snapshot.doubles("count", count: 1)[0]
    return { [self] in if self.count.constant != count { self.count = Schedule(count) } }
  }
}
