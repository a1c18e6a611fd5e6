import Kernels
import Platform
import Tensors

/// K-means in Euclidean space by Lloyd's iterations (Lloyd, "Least squares quantization in PCM", IEEE TIT 1982).
///
/// Every row goes to its nearest center, of equally near ones to the first; a center becomes the mean of its rows, and one without rows
/// stays where it is. The same bits at any number of threads.
public struct KMeans {
  /// Where the centers stand at first.
  public enum Start {
    /// On rows that are drawn one after another, each in proportion to its squared distance from those before it (Arthur &
    /// Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007). Where all rows are taken: on any.
    case plusPlus(RandomStream)
    /// `[clusters, width]`: those of an earlier clustering.
    case centers([Float])
  }

  /// `[clusters, width]`
  public let centers: [Float]
  /// The cluster of each row.
  public let labels: [Int32]
  /// The sum of the squared distances of rows from the centers by which they were assigned; not finite where a row is not.
  public let inertia: Double
  /// How often rows were assigned.
  public let iterations: Int

  /// - Parameters:
  ///   - count: Clusters, from 1 to the number of rows.
  ///   - iterations: Rows are assigned so often at most, at least once; it ends where an assignment changes nothing.
  /// - Throws: `MemoryError`
  /// - Complexity: O(rows · clusters · width) an iteration, and as much for `plusPlus`.
  public init(
    _ rows: RowBlock, count: Int, start: Start, iterations: Int, pool: ThreadPool = .shared
  ) throws {
    precondition((1...rows.rowCount).contains(count) && iterations >= 1)
    let state = try KMeansState(rows, count: count, pool: pool)
    switch start {
    case .plusPlus(let stream): state.start(on: try state.seeds(stream))
    case .centers(let centers): state.start(on: centers)
    }
    var done = 0
    var inertia = 0.0
    while done < iterations {
      done += 1
      let hasMoved = state.assign()
      inertia = state.inertia()
      guard hasMoved, inertia.isFinite else { break }
      state.moveCenters()
    }
    centers = state.compactCenters
    labels = Array(state.labels.prefix(rows.rowCount))
    self.inertia = inertia
    self.iterations = done
  }

  /// The rows on which `plusPlus` starts.
  static func seeds(_ rows: RowBlock, count: Int, _ stream: RandomStream, pool: ThreadPool = .shared) throws -> [Int] {
    try KMeansState(rows, count: count, pool: pool).seeds(stream)
  }
}

/// The centers and labels under way.
private final class KMeansState {
  private let rows: RowBlock
  private let count: Int
  private let pool: ThreadPool
  /// `[count, stride]`
  private let centers: AlignedBuffer<Float>
  private let columns: CenterColumns
  let labels: AlignedBuffer<Int32>
  private var previous: AlignedBuffer<Int32>

  /// Rows of a task.
  private static let grain = 1024
  private var blockCount: Int { (rows.rowCount - 1) / Self.grain + 1 }

  init(_ rows: RowBlock, count: Int, pool: ThreadPool) throws {
    (self.rows, self.count, self.pool) = (rows, count, pool)
    let purpose = "\(count) clusters of \(rows.rowCount) rows"
    centers = try AlignedBuffer(
      count: Memory.count(count, rows.stride, of: Float.self, for: purpose), repeating: 0, for: purpose)
    columns = try CenterColumns(count: count, width: rows.width)
    labels = try AlignedBuffer(count: rows.rowCount, repeating: -1, for: purpose)
    previous = try AlignedBuffer(count: rows.rowCount, repeating: -1, for: purpose)
  }

  var compactCenters: [Float] {
    (0..<count).flatMap { UnsafeBufferPointer(start: centers.base + $0 * rows.stride, count: rows.width) }
  }

  // MARK: Start

  func start(on given: [Float]) {
    precondition(given.count == count * rows.width)
    for center in 0..<count {
      for column in 0..<rows.width { centers[center * rows.stride + column] = given[center * rows.width + column] }
    }
  }

  func start(on seeds: [Int]) {
    for (center, row) in seeds.enumerated() {
      (centers.base + center * rows.stride).update(from: rows[row], count: rows.stride)
    }
  }

  func seeds(_ stream: RandomStream) throws -> [Int] {
    let distances = try AlignedBuffer<Float>(
      count: rows.rowCount, repeating: .infinity, for: "the distances of \(rows.rowCount) rows")
    var seeds = [stream.integer(below: rows.rowCount, at: 0)]
    while seeds.count < count {
      let sums = shorten(distances, by: seeds.last!)
      seeds.append(Self.row(distances, sums, stream, UInt64(seeds.count)))
    }
    return seeds
  }

  /// Takes a center on a row into account. Returns the sum of the distances in each block of rows.
  private func shorten(_ distances: AlignedBuffer<Float>, by seed: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: blockCount)
    sums.withUnsafeMutableBufferPointer { sums in
      let shared = Shared((rows: rows, center: rows[seed], out: distances.base, sums: sums.baseAddress!))
      pool.run(count: rows.rowCount, grain: Self.grain) { range in
        shared.value.sums[range.lowerBound / Self.grain] = kernel_shorten_distances(
          shared.value.rows.base, shared.value.rows.stride, shared.value.center, range.lowerBound, range.upperBound,
          shared.value.out)
      }
    }
    return sums
  }

  /// A row in proportion to its distance, by inversion: first its block, then the row.
  private static func row(
    _ distances: AlignedBuffer<Float>, _ sums: [Double], _ stream: RandomStream, _ position: UInt64
  ) -> Int {
    let total = sums.reduce(0, +)
    guard total > 0, total.isFinite else { return stream.integer(below: distances.count, at: position) }
    var goal = stream.uniformDouble(at: position) * total
    var last = 0
    for (block, sum) in sums.enumerated() where sum > 0 {
      guard goal >= sum else {
        for row in block * grain..<min(distances.count, (block + 1) * grain) where distances[row] > 0 {
          last = row
          goal -= Double(distances[row])
          if goal < 0 { break }
        }
        return last
      }
      goal -= sum
      // Where rounding leads past the end, the last one that has a distance is taken.
      last = (block * grain..<min(distances.count, (block + 1) * grain)).last { distances[$0] > 0 }!
    }
    return last
  }

  // MARK: Iterations

  /// Whether a row has another cluster now.
  func assign() -> Bool {
    columns.load(centers.base, stride: rows.stride)
    previous.base.update(from: labels.base, count: labels.count)
    let shared = Shared((rows: rows, columns: columns, labels: labels.base))
    pool.run(count: rows.rowCount, grain: Self.grain) { range in
      shared.value.columns.findNearest(shared.value.rows, range, shared.value.labels)
    }
    return memcmp(previous.base, labels.base, labels.count * MemoryLayout<Int32>.stride) != 0
  }

  func inertia() -> Double {
    var sums = [Double](repeating: 0, count: blockCount)
    sums.withUnsafeMutableBufferPointer { sums in
      let shared = Shared((rows: rows, centers: centers.base, labels: labels.base, sums: sums.baseAddress!))
      pool.run(count: rows.rowCount, grain: Self.grain) { range in
        shared.value.sums[range.lowerBound / Self.grain] = kernel_squared_distances(
          shared.value.rows.base, shared.value.rows.stride, shared.value.centers, shared.value.labels, range.lowerBound,
          range.upperBound)
      }
    }
    return sums.reduce(0, +)
  }

  func moveCenters() {
    let members = ClusterMembers(labels: labels.prefix(rows.rowCount), count: count)
    let shared = Shared((rows: rows, members: members, centers: centers.base))
    pool.run(count: count) { center in
      let own = shared.value.members.range(center)
      guard !own.isEmpty else { return }
      shared.value.members.items.withUnsafeBufferPointer {
        kernel_mean_row(
          shared.value.rows.base, shared.value.rows.stride, $0.baseAddress! + own.lowerBound, own.count,
          shared.value.centers + center * shared.value.rows.stride)
      }
    }
  }
}
