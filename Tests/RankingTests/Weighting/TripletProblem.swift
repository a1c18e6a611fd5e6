import Interactions
import TestSupport
import Tensors
import Testing

@testable import Ranking

/// A batch of triplets, by the passes of the library and by the slow version.
struct TripletProblem {
  let model: MatrixFactorization
  let train: InteractionMatrix
  let importance: TripletImportance
  var triplets: (users: [Int], positives: [Int], negatives: [Int])
  /// TIL-MI's.
  var clusters: SlowTripletImportance.Clusters?

  /// Used again and again, so that what one pass left is there for the next.
  private let memory = KeptFloats<TripletBuffers.Part>(for: "a test's triplets")
  private let encodedMemory = KeptFloats<TripletBuffers.Part>(for: "a test's graph")
  private let gradientMemory = KeptFloats<TripletBuffers.Part>(for: "a test's graph")
  private let pullMemory = KeptFloats<ClusterPull.Part>(for: "a test's clusters")

  var slow: SlowTripletImportance {
    get throws {
      SlowTripletImportance(
        users: try Tensor(model.userEmbeddings(), shape: [model.userCount, model.dim]),
        items: try Tensor(model.itemEmbeddings(), shape: [model.itemCount, model.dim]),
        network: try importance.network.values(),
        triplets: triplets, train: train, isAttached: importance.isAttached, clusters: clusters,
        isOfTheCode: importance.network.activation == .softplus)
    }
  }

  /// - Returns: The pass after its weights, with what it says of the rows beside the losses, and what the clustering loss says.
  func pass(
    rate: Float, scale: Float = 1, threads: Int = 2, isGraph: Bool = false,
    hypergradient: TripletImportance.Hypergradient = .exact
  ) throws -> (TripletImportancePass, ClusterPull?) {
    var users = RowGroups(rowCount: train.userCount)
    users.group(triplets.users.map(Int32.init), count: triplets.users.count)
    var items = RowGroups(rowCount: train.itemCount)
    let pairs = zip(triplets.positives, triplets.negatives).flatMap { [Int32($0), Int32($1)] }
    items.group(pairs, count: pairs.count)
    let (userTable, itemTable) = (model.userTable!, model.itemTable!)
    let pool = ThreadPool(threadCount: threads)
    let centers = try clusters.map {
      let numbers = try $0.centers.elements()
      return try Parameter(name: "centers", owner: .shared, rowCount: $0.centers.shape[0], columnCount: model.dim) {
        numbers[$0 * model.dim + $1]
      }
    }
    let pull = try clusters.flatMap { clusters in
      try clusters.pull == 0
        ? nil
        : ClusterPull(
          RowBlock(itemTable.table, width: model.dim), centers!,
          ClusterTarget(clusters.target.elements(), clusters: centers!.rowCount), tau: Double(clusters.tau),
          scale: clusters.pull * scale, memory: pullMemory, pool: pool)
    }
    let pass = try TripletImportancePass(
      users: users, items: items, userTable: (UnsafePointer(userTable.values), userTable.rowStride),
      itemTable: (UnsafePointer(itemTable.values), itemTable.rowStride), dim: model.dim, network: importance.network,
      itemUsers: ItemUsers(train),
      clusters: clusters.map {
        .init(
          labels: $0.labels.map(Int32.init), centers: (centers!.values, centers!.rowStride), count: centers!.rowCount,
          pull: pull.map { UnsafePointer($0.items) })
      },
      encoding: isGraph ? encoding(users, items, pool) : nil,
      settings: .init(
        innerRate: rate, isAttached: importance.isAttached, scale: scale, share: clusters?.share ?? 0,
        takesDifferences: hypergradient == .finiteDifferences, aggregate: importance.aggregate),
      memory: memory, pool: pool)
    _ = pass.weigh()
    pass.differentiateBeside(into: pass.reachesTable ? try gradientTables(pass).items : nil)
    return (pass, pull)
  }

  /// Room for what the weighted loss says of all users and items: of the pass that was made last.
  func gradientTables(_ pass: TripletImportancePass) throws -> TripletImportancePass.Tables {
    (
      try gradientMemory(.tableUsers, train.userCount, pass.stride),
      try gradientMemory(.tableItems, train.itemCount, pass.stride)
    )
  }

  func lookAhead(_ pass: TripletImportancePass) throws -> TripletImportancePass.Outcome {
    try pass.lookAhead(tables: pass.encoding == nil ? nil : gradientTables(pass))
  }

  /// Rows of one layer of a graph.
  private func encoding(_ users: RowGroups, _ items: RowGroups, _ pool: ThreadPool) throws
    -> TripletImportancePass.Encoding
  {
    let propagation = try GraphPropagation(
      InteractionGraph(train), .symmetric, weights: [0.5, 0.5], dim: model.dim)
    let (userTable, itemTable) = (model.userTable!, model.itemTable!)
    let rows = try propagation.rows(
      [users.rows, items.rows],
      of: [
        (UnsafePointer(userTable.values), userTable.rowStride), (UnsafePointer(itemTable.values), itemTable.rowStride),
      ], dropout: nil, pool: pool)
    for (rows, part) in zip(rows, [TripletBuffers.Part.tableUsers, .tableItems]) {
      let target = try encodedMemory(part, rows.shape[0], model.dim)
      try rows.withElements { target.update(from: $0.baseAddress!, count: $0.count) }
    }
    return .init(
      propagation: propagation,
      users: (UnsafePointer(try encodedMemory(.tableUsers, users.rows.count, model.dim)), model.dim),
      items: (UnsafePointer(try encodedMemory(.tableItems, items.rows.count, model.dim)), model.dim),
      userRows: users.rows.indices.map(Int32.init), itemRows: items.rows.indices.map(Int32.init))
  }

  // MARK: Published vectors

  init(_ golden: Golden) throws {
    let (users, items) = (golden.rows("inputs.P"), golden.rows("inputs.Q"))
    let dim = users[0].count
    model = try randomModel(users: users.count, items: items.count, dim: dim, score: .dot)
    try model.setParameters(.init(users: golden.floats("inputs.P"), items: golden.floats("inputs.Q")))
    importance = try TripletImportance(
      TripletNetwork(width: dim, seed: 0), isAttached: golden.flag("parameters.gradient_through_state"))
    for (parameter, name) in zip(importance.parameters, ["W1", "b1", "W2", "b2"]) {
      try parameter.setValues(golden.floats("inputs.\(name)"))
    }
    let train = golden.rows("inputs.train")
    self.train = InteractionMatrix(
      userCount: users.count, itemCount: items.count,
      users: train.enumerated().flatMap { user, own in own.map { _ in Int32(user) } },
      items: train.flatMap { $0.map { Int32($0) } })
    triplets = (
      golden.integers("inputs.user").map(Int.init), golden.integers("inputs.pos").map(Int.init),
      golden.integers("inputs.neg").map(Int.init)
    )
    guard golden.text("parameters.state") == "MI" else { return }
    let centers = golden.rows("inputs.Phi")
    clusters = .init(
      labels: golden.integers("inputs.cluster").map(Int.init), centers: try golden.tensor("inputs.Phi"),
      share: Float(try golden.number("parameters.alpha")), pull: 0,
      target: try Tensor.zeros([items.count, centers.count]), tau: 1)
  }

  // MARK: Random cases

  typealias Shape = (users: Int, items: Int, pairs: Int, triplets: Int, dim: Int)

  init(_ shape: Shape, isAttached: Bool, clusters count: Int = 0, isOfTheCode: Bool = false, seed: UInt64) throws {
    train = randomInteractions(users: shape.users, items: shape.items, pairs: shape.pairs, seed: seed)
    let stream = RandomStream(seed: seed, purpose: "triplets")
    // Negatives may be items of the user, and the positive itself.
    let (train, positives) = (train, stream)
    let places = (0..<shape.triplets).map { positives.integer(below: train.count, at: UInt64($0)) }
    triplets = (
      places.map { place in (0..<shape.users).first { train.rowOffsets[$0 + 1] > place }! },
      places.map { Int(train.items[$0]) },
      (0..<shape.triplets).map { stream.substream(1).integer(below: shape.items, at: UInt64($0)) }
    )
    model = try randomModel(users: shape.users, items: shape.items, dim: shape.dim, score: .dot, seed: seed)
    let network = try TripletNetwork(
      width: shape.dim, activation: isOfTheCode ? .softplus : .sigmoid, hasOffset: !isOfTheCode, seed: seed)
    importance = TripletImportance(network, isAttached: isAttached, aggregate: isOfTheCode ? .sum : .mean)
    guard count > 0 else { return }
    let (numbers, labels) = (stream.substream(2), stream.substream(3))
    let centers = try Tensor(
      (0..<count * shape.dim).map { Float(numbers.normal(at: UInt64($0))) * 0.3 }, shape: [count, shape.dim])
    let items = try Tensor(model.itemEmbeddings(), shape: [shape.items, shape.dim])
    // Items need not be with their nearest centers any more.
    clusters = .init(
      labels: (0..<shape.items).map { labels.integer(below: count, at: UInt64($0)) }, centers: centers,
      share: Float(seed) - 1.5, pull: seed == 3 ? 0 : 0.3,
      target: try ClusterDivergence(tau: 2).target(items: items * 1.1, centers: centers), tau: seed == 1 ? 1 : 2.5)
  }
}

extension TripletNetwork {
  /// W1, b1, W2, b2.
  func values() throws -> [Tensor] {
    try [hidden, bias, output, offset].map { try Tensor($0.currentValues, shape: [$0.rowCount, $0.columnCount]) }
  }
}
