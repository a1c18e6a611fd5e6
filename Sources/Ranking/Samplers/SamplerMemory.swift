/// What a sampler remembers from one batch of a training to the next: to another training it means nothing. What comes from a snapshot
/// belongs to the training that asks first.
struct SamplerMemory<Content> {
  private(set) var content: Content?
  private weak var training: AnyObject?
  private var isRestored = false

  /// What was kept, where it is of this training.
  func content(in context: SamplingContext) -> Content? {
    training === context.training || isRestored ? content : nil
  }

  mutating func keep(_ content: Content, in context: SamplingContext) {
    (self.content, training, isRestored) = (content, context.training, false)
  }

  mutating func restore(_ content: Content?) { (self.content, training, isRestored) = (content, nil, true) }
}
