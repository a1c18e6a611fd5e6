import Interactions
import Tensors

extension SparseMatrix {
  /// The graph of a set of pairs as a matrix of all nodes, users first: what LightGCN multiplies by, for models written with tensors.
  ///
  /// - Parameter normalization: Ones and zeros where `nil`.
  /// - Returns: `[users + items, users + items]`.
  public convenience init(graphOf pairs: InteractionMatrix, normalization: GraphNormalization?) throws {
    let (userCount, nodes) = (pairs.userCount, pairs.userCount + pairs.itemCount)
    let turned = pairs.transposed()
    let degrees =
      (0..<userCount).map { pairs.items(of: $0).count } + (0..<pairs.itemCount).map { turned.items(of: $0).count }
    let factors = degrees.map { normalization?.factors(degree: $0) ?? (before: 1, after: 1) }
    let addsOwn = normalization?.addsOwn ?? false
    var (offsets, columns, values): ([Int], [Int], [Float]) = ([0], [], [])
    func add(_ row: Int, _ column: Int) {
      columns.append(column)
      values.append(factors[row].after * factors[column].before)
    }
    for node in 0..<nodes {
      if addsOwn { add(node, node) }
      if node < userCount {
        for item in pairs.items(of: node) { add(node, userCount + Int(item)) }
      } else {
        for user in turned.items(of: node - userCount) { add(node, Int(user)) }
      }
      offsets.append(columns.count)
    }
    try self.init(rows: nodes, columns: nodes, rowOffsets: offsets, columnIndices: columns, values: values)
  }
}
