import Tensors

/// What backward leaves: for each parameter the rows that have a gradient.
///
/// A value of its own: it can be kept, added to, scaled, multiplied with another, measured, applied by the trainer whose parameters
/// they are, or thrown away. Plain training does not fill one for the tables that score: their gradients go straight into the step.
public final class GradientSet {
  /// In the order in which parameters first had a gradient.
  public private(set) var all: [RowGradients] = []

  public init() {}

  /// The gradient of a parameter, without rows at first.
  public func of(_ parameter: Parameter) -> RowGradients {
    if let found = all.first(where: { $0.parameter === parameter }) { return found }
    let made = RowGradients(parameter)
    all.append(made)
    return made
  }

  /// The gradient of a parameter; `nil` where no row has one.
  public func existing(_ parameter: Parameter) -> RowGradients? {
    all.first { $0.parameter === parameter && !$0.isEmpty }
  }

  /// Bytes held.
  public var byteCount: Int { all.reduce(0) { $0 + $1.byteCount } }

  /// Forgets all gradients and keeps their memory.
  func clear() { for gradients in all { gradients.clear() } }

  /// Lets go of parameters that are trained elsewhere now.
  func keepOnly(where isKept: (Parameter) -> Bool) { all.removeAll { !isKept($0.parameter) } }

  /// A copy that later changes of this one do not reach.
  public func copy() -> GradientSet {
    let copy = GradientSet()
    copy.add(self)
    return copy
  }

  /// Adds another set, row by row; parameters that this one lacks join it.
  public func add(_ other: GradientSet) {
    if other === self { return scale(2) }
    for gradients in other.all where !gradients.isEmpty { of(gradients.parameter).add(gradients) }
  }

  /// Multiplies all gradients.
  public func scale(_ factor: Float) { for gradients in all { gradients.scale(factor) } }

  /// The inner product with another set, in float64; rows that only one of them has count 0.
  public func dot(_ other: GradientSet) -> Double {
    all.reduce(0) { sum, gradients in
      sum + (other.existing(gradients.parameter).map { gradients.dot($0) } ?? 0)
    }
  }

  /// The length of all gradients as one vector.
  public func norm(pool: ThreadPool = .shared) -> Double {
    all.reduce(0) { $0 + $1.squares(pool: pool) }.squareRoot()
  }
}
