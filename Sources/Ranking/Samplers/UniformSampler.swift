import Interactions
import Kernels
import Tensors

/// Negatives uniform over the catalogue, with replacement.
///
/// With `excludesPositives` an item of the user's train part is drawn again until it is not one (UIB, PRIS, LightGCN), and there
/// are no negatives for a user who has every item; without, every item can come, positives included (SimpleX, MML, BSL).
public final class UniformSampler: Sampler {
  public let name = "uniform"
  public var count: Schedule
  public let excludesPositives: Bool
  public private(set) var usersWithoutNegatives: [Int32] = []
  private var train: InteractionMatrix?

  public init(count: Schedule, excludesPositives: Bool = false) {
    self.count = count
    self.excludesPositives = excludesPositives
  }

  public func attach(to train: InteractionMatrix) throws {
    if self.train?.sharesStorage(with: train) == true { return }
    self.train = train
    usersWithoutNegatives =
      excludesPositives
      ? (0..<Int32(train.userCount)).filter { train.items(of: Int($0)).count >= train.itemCount } : []
  }

  public func draw(
    users: UnsafePointer<Int32>, rows: Range<Int>, count: Int, stream: RandomStream, firstPlace: Int,
    items: UnsafeMutablePointer<Int32>, width: Int
  ) {
    let train = train!
    let bound = UInt32(train.itemCount)
    guard excludesPositives else {
      for row in rows {
        kernel_sample_uniform(
          stream.key, Self.position(firstPlace + row), bound, items + row * width + 1, count)
      }
      return
    }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: train.itemCount / 64 + 1) { marks in
      marks.initialize(repeating: 0)
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: train.itemCount / 8 + 1) { scratch in
        train.items.withUnsafeBufferPointer { positives in
          for row in rows {
            let user = Int(users[row])
            let offset = train.rowOffsets[user]
            kernel_sample_uniform_excluding(
              stream.key, Self.position(firstPlace + row), bound, positives.baseAddress! + offset,
              train.rowOffsets[user + 1] - offset, marks.baseAddress!, scratch.baseAddress!, items + row * width + 1,
              count)
          }
        }
      }
    }
  }
}

extension InteractionMatrix {
  /// Whether this is a copy of `other` that shares its memory: the cheap way to know the same matrix again.
  func sharesStorage(with other: InteractionMatrix) -> Bool {
    func isSame<Number>(_ one: [Number], _ other: [Number]) -> Bool {
      one.withUnsafeBufferPointer { one in
        other.withUnsafeBufferPointer { one.baseAddress == $0.baseAddress && one.count == $0.count }
      }
    }
    return userCount == other.userCount && itemCount == other.itemCount && isSame(items, other.items)
      && isSame(rowOffsets, other.rowOffsets)
  }
}

extension UniformSampler {
  /// Where a place of the epoch begins in the stream: room for two million draws each, so that a count which changes from batch to
  /// batch never draws the same numbers twice.
  fileprivate static func position(_ place: Int) -> UInt64 { UInt64(place) << 20 }
}
