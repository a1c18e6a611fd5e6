extension Chart.Series {
  /// The runs of points that have a place, without the gaps between them.
  func segments(_ isShown: (Chart.Point) -> Bool) -> [ArraySlice<Chart.Point>] {
    points.split(omittingEmptySubsequences: true) { !isShown($0) }
  }
}

extension ArraySlice<Chart.Point> {
  /// So few points that the line through them looks the same: of each of `columns` the first, the lowest, the highest and the last.
  ///
  /// Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014. O(points).
  ///
  /// - Parameter share: Where a point stands between the left end, 0, and the right one, 1.
  func thinned(columns: Int, _ share: (Double) -> Double) -> [Chart.Point] {
    guard count > 4 * columns else { return Array(self) }
    var result: [Chart.Point] = []
    var begin = startIndex
    func column(_ index: Int) -> Int { Int((share(self[index].x) * Double(columns)).rounded(.down)) }
    while begin < endIndex {
      var end = begin + 1
      while end < endIndex, column(end) == column(begin) { end += 1 }
      let range = begin..<end
      let lowest = range.min { self[$0].y < self[$1].y }!
      let highest = range.max { self[$0].y < self[$1].y }!
      for index in Set([begin, lowest, highest, end - 1]).sorted() { result.append(self[index]) }
      begin = end
    }
    return result
  }
}
