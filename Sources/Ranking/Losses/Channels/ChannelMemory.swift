import Tensors

/// The numbers of a batch's inputs, and the derivatives with respect to them.
final class ChannelMemory {
  private let rowCapacity: Int
  private let negativeCount: Int
  private var numbers = [AlignedBuffer<Float>?](repeating: nil, count: Channel.all.count)
  private var gradients = [AlignedBuffer<Float>?](repeating: nil, count: Channel.all.count)

  init(rowCapacity: Int, negativeCount: Int) {
    self.rowCapacity = rowCapacity
    self.negativeCount = negativeCount
  }

  /// Makes room for these inputs, and for no others.
  ///
  /// - Throws: `MemoryError`.
  func open(_ channels: Set<Channel>) throws {
    for channel in Channel.inputs {
      guard channels.contains(channel) else {
        (numbers[channel.number], gradients[channel.number]) = (nil, nil)
        continue
      }
      guard numbers[channel.number] == nil else { continue }
      numbers[channel.number] = try buffer(channel)
      if channel.isDifferentiable { gradients[channel.number] = try buffer(channel) }
    }
  }

  private func buffer(_ channel: Channel) throws -> AlignedBuffer<Float> {
    try AlignedBuffer(
      count: rowCapacity * channel.columns(negativeCount: negativeCount), repeating: 0,
      for: "\(channel.name) of a batch of \(rowCapacity) positives with \(negativeCount) negatives each")
  }

  /// The numbers of an open input.
  subscript(channel: Channel) -> AlignedBuffer<Float>? { numbers[channel.number] }
  /// The derivatives with respect to them.
  subscript(gradients channel: Channel) -> AlignedBuffer<Float>? { gradients[channel.number] }

  /// Shows the open inputs to a loss.
  func add(to plane: inout ScorePlane) {
    for channel in Channel.inputs {
      plane[channel] = numbers[channel.number].map { UnsafePointer($0.base) }
      plane[gradients: channel] = gradients[channel.number]?.base
    }
  }

  /// Computes the open inputs that neither the model nor the sampler writes, but for those that were `given`.
  func fill(from source: ChannelSource, for plane: ScorePlane, given: Set<Channel> = []) throws {
    for channel in Channel.inputs where !given.contains(channel) {
      if let fill = channel.fill, let buffer = numbers[channel.number] { try fill(source, plane, buffer.base) }
    }
  }

  /// Bytes held.
  var byteCount: Int { 4 * (numbers + gradients).reduce(0) { $0 + ($1?.count ?? 0) } }
}
