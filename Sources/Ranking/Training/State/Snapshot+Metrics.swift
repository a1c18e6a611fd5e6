/// Lists of metrics, each of another length.
extension Snapshot {
  mutating func setMetrics(_ lists: [[(name: String, value: Double)]], as name: String) {
    self["\(name).lengths"] = .integers(lists.map { Int64($0.count) })
    self["\(name).names"] = .texts(lists.flatMap { $0.map(\.name) })
    self["\(name).values"] = .doubles(lists.flatMap { $0.map(\.value) })
  }

  func metrics(_ name: String) throws -> [[(name: String, value: Double)]] {
    let lengths = try integers("\(name).lengths")
    let names = try texts("\(name).names")
    let values = try doubles("\(name).values", count: names.count)
    guard lengths.allSatisfy({ (0...names.count).contains($0) }), lengths.reduce(0, +) == names.count else {
      throw TrainingError.setting("the lengths of '\(name)' do not fit what was saved")
    }
    var first = 0
    return lengths.map { length in
      defer { first += length }
      return (first..<first + length).map { (names[$0], values[$0]) }
    }
  }
}
