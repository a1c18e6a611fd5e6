import Platform
import Kernels
import Tensors

/// The self-supervised clustering loss of TIL: items are drawn to the centers to which they already lean.
///
/// Wu et al., "Adapting Triplet Importance of Implicit Feedback for Personalized Recommendation", CIKM 2022, Eq. 7 to 9; first in Xie
/// et al., "Unsupervised Deep Embedding for Clustering Analysis", ICML 2016. With items q_i and centers c_k:
///
///     r_ik = (1 + |q_i - c_k|² / tau)^(-(tau + 1) / 2),   Q_ik = r_ik / Σ_l r_il
///     f_ik = Q_ik² / Σ_j Q_jk,   T_ik = f_ik / Σ_l f_il,   L = Σ_ik T_ik ln(T_ik / Q_ik)
///
/// T is a constant, as in the cited work and its code, unless `differentiatesTarget`. A sum over all items, not a mean. It is a loss
/// of tables, not of scores.
public struct ClusterDivergence {
  /// The degrees of freedom of Student's distribution, above 0.
  public var tau: Double
  public var differentiatesTarget: Bool

  public init(tau: Double = 1, differentiatesTarget: Bool = false) {
    self.tau = tau
    self.differentiatesTarget = differentiatesTarget
  }

  public struct Result {
    public let value: Double
    /// `[I, d]`
    public let itemGradient: Tensor
    /// `[K, d]`
    public let centerGradient: Tensor
  }

  /// T, to be held fixed over several batches.
  ///
  /// - Parameters:
  ///   - items: `[I, d]`
  ///   - centers: `[K, d]`
  /// - Returns: `[I, K]`, rows sum to 1.
  /// - Throws: `TensorError.shape`.
  /// - Complexity: O(I K d).
  public func target(items: Tensor, centers: Tensor, pool: ThreadPool = .shared) throws -> Tensor {
    try Work(self, items, centers, pool).target()
  }

  /// Q, `[I, K]`. An item's cluster is the largest number of its row: the nearest center.
  public func assignments(items: Tensor, centers: Tensor, pool: ThreadPool = .shared) throws -> Tensor {
    try Work(self, items, centers, pool).logAssignments.exp()
  }

  /// The loss and its derivatives.
  ///
  /// - Parameter target: T of an earlier moment; that of the present items and centers where `nil`.
  /// - Throws: `TensorError.shape`; `TrainingError` where a given target is to be differentiated or tau is not above 0.
  /// - Complexity: O(I K d).
  public func evaluate(items: Tensor, centers: Tensor, target: Tensor? = nil, pool: ThreadPool = .shared) throws
    -> Result
  {
    if target != nil && differentiatesTarget {
      throw TrainingError.setting("cluster_kl: a target that is given is a constant; leave it out to differentiate it")
    }
    let work = try Work(self, items, centers, pool)
    if let target, target.shape != work.logAssignments.shape {
      throw TensorError.shape(
        operation: "cluster_kl", shape: target.shape, wanted: "a target of shape \(work.logAssignments.shape)")
    }
    return try work.evaluate(target: (target ?? work.target()).contiguous(), differentiates: differentiatesTarget)
  }
}

/// What one evaluation has found so far. Items are cut into blocks that depend on their number alone; sums over items are sums of
/// blocks, in order.
private struct Work {
  let tau: Float
  let items: Tensor
  let centers: Tensor
  /// ln Q, `[I, K]`
  let logAssignments: Tensor
  /// 1 / (1 + distance² / tau), `[I, K]`
  let nearness: Tensor
  /// Σ_i Q_ik
  let mass: [Double]
  let pool: ThreadPool
  let grain: Int

  var itemCount: Int { items.shape[0] }
  var dim: Int { items.shape[1] }
  var clusterCount: Int { centers.shape[0] }

  init(_ divergence: ClusterDivergence, _ items: Tensor, _ centers: Tensor, _ pool: ThreadPool) throws {
    guard divergence.tau > 0, divergence.tau.isFinite else {
      throw TrainingError.setting("cluster_kl: tau is \(divergence.tau); want a number above 0")
    }
    guard items.rank == 2, items.count > 0 else {
      throw TensorError.shape(operation: "cluster_kl", shape: items.shape, wanted: "items of shape [I, d]")
    }
    guard centers.rank == 2, centers.shape[0] >= 1, centers.shape[1] == items.shape[1] else {
      throw TensorError.shape(
        operation: "cluster_kl", shape: centers.shape, wanted: "centers of shape [K, \(items.shape[1])]")
    }
    tau = Float(divergence.tau)
    self.items = try items.contiguous()
    self.centers = try centers.contiguous()
    self.pool = pool
    let (itemCount, dim, clusterCount) = (items.shape[0], items.shape[1], centers.shape[0])
    grain = max(64, (itemCount + 63) / 64)
    logAssignments = try Tensor.zeros([itemCount, clusterCount])
    nearness = try Tensor.zeros([itemCount, clusterCount])
    let (tau, grain, itemsAtHand, centersAtHand) = (tau, grain, self.items, self.centers)
    let (logs, near) = (logAssignments, nearness)
    mass = try itemsAtHand.withElements { items in
      try centersAtHand.withElements { centers in
        try logs.withMutableElements { logs in
          try near.withMutableElements { near in
            let shared = Shared((items.baseAddress, centers.baseAddress, logs.baseAddress, near.baseAddress))
            return sumOverBlocks(itemCount, grain: grain, width: clusterCount, pool) { rows, mass in
              let (items, centers, logs, near) = shared.value
              kernel_cluster_assign(
                items, centers, dim, clusterCount, tau, rows.lowerBound, rows.upperBound, logs, near, mass)
            }
          }
        }
      }
    }
  }

  func target() throws -> Tensor {
    let target = try Tensor.zeros([itemCount, clusterCount])
    let logMass = mass.map { Float(log(max($0, .leastNormalMagnitude))) }
    try logAssignments.withElements { logs in
      try target.withMutableElements { target in
        let shared = Shared((logs: logs.baseAddress, target: target.baseAddress))
        pool.run(count: itemCount, grain: grain) { [clusterCount] rows in
          let (logs, target) = shared.value
          kernel_cluster_target(logs, logMass, clusterCount, rows.lowerBound, rows.upperBound, target)
        }
      }
    }
    return target
  }

  func evaluate(target: Tensor, differentiates: Bool) throws -> ClusterDivergence.Result {
    // The value in the last column, what each cluster's mass means to the target in the others.
    let sums = try logAssignments.withElements { logs in
      try target.withElements { target in
        let shared = Shared((logs: logs.baseAddress, target: target.baseAddress))
        return sumOverBlocks(itemCount, grain: grain, width: clusterCount + 1, pool) { [clusterCount] rows, sums in
          let (logs, target) = shared.value
          sums[clusterCount] = kernel_cluster_divergence(
            logs, target, clusterCount, rows.lowerBound, rows.upperBound, differentiates ? sums : nil)
        }
      }
    }
    let slopes = differentiates ? zip(sums, mass).map { Float($0 / max($1, .leastNormalMagnitude)) } : nil
    let itemGradient = try Tensor.zeros([itemCount, dim])
    let centerSums = try gradients(target, slopes, into: itemGradient)
    return .init(
      value: sums[clusterCount], itemGradient: itemGradient,
      centerGradient: try Tensor(centerSums.map(Float.init), shape: [clusterCount, dim]))
  }

  private func gradients(_ target: Tensor, _ slopes: [Float]?, into itemGradient: Tensor) throws -> [Double] {
    var batch = kernel_cluster_batch()
    batch.dim = dim
    batch.cluster_count = clusterCount
    batch.tau = tau
    return try withElements([items, centers, logAssignments, nearness, target]) { bases in
      (batch.items, batch.centers, batch.log_assignments) = (bases[0], bases[1], bases[2])
      (batch.nearness, batch.target) = (bases[3], bases[4])
      return try itemGradient.withMutableElements { itemGradient in
        batch.item_gradients = itemGradient.baseAddress
        return (slopes ?? []).withUnsafeBufferPointer { buffer in
          if slopes != nil { batch.target_slopes = buffer.baseAddress }
          let shared = Shared(batch)
          let width = clusterCount * dim
          return sumOverBlocks(itemCount, grain: grain, width: width, pool) { rows, sums in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { partial in
              partial.initialize(repeating: 0)
              withUnsafePointer(to: shared.value) {
                kernel_cluster_gradients($0, rows.lowerBound, rows.upperBound, partial.baseAddress)
              }
              for index in 0..<partial.count { sums[index] = Double(partial[index]) }
            }
          }
        }
      }
    }
  }
}

/// Sums over blocks of items of `width` numbers each, which begin at 0.
private func sumOverBlocks(
  _ count: Int, grain: Int, width: Int, _ pool: ThreadPool,
  _ body: @Sendable (_ rows: Range<Int>, _ sums: UnsafeMutablePointer<Double>) -> Void
) -> [Double] {
  let blocks = (count + grain - 1) / grain
  let partial = AlignedBuffer<Double>(count: blocks * width, repeating: 0)
  pool.run(count: count, grain: grain) { rows in body(rows, partial.base + rows.lowerBound / grain * width) }
  return (0..<width).map { column in (0..<blocks).reduce(0) { $0 + partial[$1 * width + column] } }
}

private func withElements<Result>(
  _ tensors: [Tensor], _ found: [UnsafePointer<Float>] = [], _ body: ([UnsafePointer<Float>]) throws -> Result
) throws -> Result {
  guard found.count < tensors.count else { return try body(found) }
  return try tensors[found.count].withElements { try withElements(tensors, found + [$0.baseAddress!], body) }
}
