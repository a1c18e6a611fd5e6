import Platform
import Kernels

/// Bilateral softmax loss, as its official code computes it.
///
/// Wu et al., "BSL: Understanding and Improving Softmax Loss for Recommendation", ICDE 2024. With t = temperature and
/// e = `negativeExponent`:
///
///     multi:    L = 1/B Σ_b ( e ln( 1/N Σ_j exp(s_bj/t) ) - ln mean_{c: user_c = user_b} exp(s_c/t) )
///     reweight: L = 1/B Σ_b ( e ln Σ_j exp(s_bj/t) - s_b/t )
///     single:   as reweight with the mean over negatives and e = 1
///
/// The paper prints another loss than its code computes, with a temperature t' of the positives' own:
///
///     paper:    L = 1/B Σ_b ( t ln( 1/N Σ_j exp(s_bj/t) ) - t' ln mean_{c: user_c = user_b} exp(s_c/t') )
///
/// In `multi` and `paper` a row's positive part depends on the other rows of the batch with the same user.
public final class BSLLoss: Loss {
  public enum Mode: String, Sendable, CaseIterable { case multi, reweight, single, paper }

  public let name = "bsl"
  @LossChoice("mode", "Which form.") public var mode = Mode.multi
  public var isRowwise: Bool { !groupsPositives }
  public var weighing: LossWeighing { groupsPositives ? .read([.weight]) : .scaleRows }
  private var groupsPositives: Bool { mode == .multi || mode == .paper }
  @LossNumber("temperature", in: .temperature, "t, what scores are divided by.") public var temperature: Schedule = 0.1
  @LossNumber(
    "negative_exponent", in: .exponent,
    "e, the code's temperature_2: weight of the negative part in `multi` and `reweight`.")
  public var negativeExponent: Schedule = 1
  /// `temperature` is then the negatives'.
  @LossOptionalNumber("positive_temperature", in: .temperature, "t', read by `paper`; t where it is left out.")
  public var positiveTemperature: Schedule? = nil
  @LossChoice public var reduction = Reduction.mean
  public var settings: [any LossSetting] {
    [$temperature, $negativeExponent, $positiveTemperature, $mode, $reduction]
  }

  public init(
    mode: Mode = .multi, temperature: Schedule = 0.1, negativeExponent: Schedule = 1,
    positiveTemperature: Schedule? = nil
  ) {
    self.mode = mode
    self.positiveTemperature = positiveTemperature
    self.temperature = temperature
    self.negativeExponent = negativeExponent
  }

  /// What the negative part is multiplied by.
  private var exponent: Float {
    switch mode {
    case .multi, .reweight: $negativeExponent.current
    case .single: 1
    case .paper: $temperature.current
    }
  }

  public func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    let (scale, temperature, exponent) = (reduction.scale(plane), $temperature.current, self.exponent)
    let meanCorrection = mode == .reweight ? 0 : log(Double(plane.negativeCount))
    let weights = groupsPositives ? plane[.weight] : nil
    for row in rows {
      let factor = scale * exponent * (weights?[row] ?? 1)
      let part = kernel_loss_log_sum_exp(
        0, plane.negatives(row), plane.negativeCount, temperature, 0, factor, plane.positiveGradient(row),
        plane.negativeGradients(row))
      plane.values[row] = part - Double(factor) * meanCorrection
    }
    if groupsPositives {
      let positiveTemperature = mode == .paper ? $positiveTemperature.current ?? temperature : temperature
      let factor = mode == .paper ? Double(positiveTemperature) : 1
      subtractGroupedPositives(
        plane, scale: Double(scale) * factor, temperature: Double(positiveTemperature), weights)
    } else {
      for row in rows {
        plane.values[row] -= Double(scale) * Double(plane.positive(row)) / Double(temperature)
        plane.positiveGradient(row).pointee = -scale / temperature
      }
    }
  }

  /// -ln mean exp(s_c/t) over the rows of each user, once for each of them: a group of n rows has n times the same value.
  private func subtractGroupedPositives(
    _ plane: ScorePlane, scale: Double, temperature: Double, _ weights: UnsafePointer<Float>?
  ) {
    func weight(_ row: Int) -> Double { weights.map { Double($0[row]) } ?? 1 }
    let inverse = 1 / temperature
    let order = (0..<plane.rowCount).sorted { (plane.users[$0], $0) < (plane.users[$1], $1) }
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, plane.users[order[end]] == plane.users[order[start]] { end += 1 }
      let group = order[start..<end]
      let top = group.reduce(-Double.infinity) { max($0, Double(plane.positive($1))) }
      let total = group.reduce(0.0) { $0 + exp((Double(plane.positive($1)) - top) * inverse) }
      let value = top * inverse + log(total / Double(group.count))
      // The whole group's parts move with each score of it.
      let weightOfGroup = weights == nil ? Double(group.count) : group.reduce(0.0) { $0 + weight($1) }
      for row in group {
        plane.values[row] -= scale * weight(row) * value
        let share = exp((Double(plane.positive(row)) - top) * inverse) / total
        plane.positiveGradient(row).pointee = Float(-scale * weightOfGroup * inverse * share)
      }
      start = end
    }
  }
}
