/// How much of the variance of the trials' values goes with one setting.
public struct SettingImportance: Equatable, Sendable {
  public let name: String
  /// 0 to 1; the shares of several settings need not add up to 1.
  public let share: Double
  /// Finished trials that have the setting.
  public let trials: Int
  /// The group of values with the best mean, as a person writes it: `bpr`, `0.01 to 0.05`.
  public let best: String
  /// Its mean.
  public let bestMean: Double

  /// Each setting by itself: the trials are put into groups by its value, and the share is that of the variance between the groups,
  ///
  ///     share = max(0, (S_between - (k - 1) S_within / (n - k)) / S_total)
  ///
  /// with k groups of n trials: Kelley's epsilon squared, which takes off what groups of pure chance would show. A choice has a group for each
  /// value, a range up to five of equally many trials. What two settings do only together is seen by neither, and what a search has looked at
  /// more closely counts more, as it has more trials there. Settings that fewer than four trials have, or that have one group, have the share 0.
  ///
  /// - Parameter trials: Those that finished: settings by name, and the value.
  /// - Returns: Those with the largest shares first.
  static func shares(
    _ trials: [(settings: [(name: String, value: SearchValue)], value: Double)], largerIsBetter: Bool
  ) -> [SettingImportance] {
    var names: [String] = []
    for name in trials.flatMap({ $0.settings.map(\.name) }) where !names.contains(name) { names.append(name) }
    let all = names.map { name in
      let having = trials.compactMap { trial in
        trial.settings.first { $0.name == name }.map { Observation(setting: $0.value, value: trial.value) }
      }
      return importance(of: name, having, largerIsBetter)
    }
    return all.enumerated().sorted { (-$0.element.share, $0.offset) < (-$1.element.share, $1.offset) }.map(\.element)
  }

  struct Observation {
    let setting: SearchValue
    let value: Double
  }

  private static func importance(of name: String, _ observations: [Observation], _ largerIsBetter: Bool)
    -> SettingImportance
  {
    let groups = groups(observations)
    let means = groups.map { mean($0.map(\.value)) }
    let best = means.indices.max { largerIsBetter ? means[$0] < means[$1] : means[$0] > means[$1] } ?? 0
    return SettingImportance(
      name: name, share: share(groups.map { $0.map(\.value) }), trials: observations.count, best: label(groups[best]),
      bestMean: means[best])
  }

  /// A group for each value, or for ranges with many values for each fifth of the trials; equal values are never parted.
  static func groups(_ observations: [Observation]) -> [[Observation]] {
    let numbers = observations.compactMap { $0.setting.number }
    var values: [SearchValue] = []
    for observation in observations where !values.contains(observation.setting) { values.append(observation.setting) }
    guard numbers.count == observations.count, values.count > 5 else {
      return values.map { value in observations.filter { $0.setting == value } }
    }
    let sorted = observations.sorted { $0.setting.number! < $1.setting.number! }
    let count = min(5, max(2, sorted.count / 4))
    var groups = [[Observation]](repeating: [], count: count)
    for (index, observation) in sorted.enumerated() {
      let first = sorted.firstIndex { $0.setting == observation.setting } ?? index
      groups[first * count / sorted.count].append(observation)
    }
    return groups.filter { !$0.isEmpty }
  }

  static func share(_ groups: [[Double]]) -> Double {
    let all = groups.flatMap { $0 }
    guard groups.count > 1, all.count >= 4, all.count > groups.count else { return 0 }
    func squares(_ values: [Double]) -> Double {
      let mean = mean(values)
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let total = squares(all)
    let within = groups.reduce(0) { $0 + squares($1) }
    guard total > 0 else { return 0 }
    let chance = Double(groups.count - 1) * within / Double(all.count - groups.count)
    return min(1, max(0, (total - within - chance) / total))
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

  private static func label(_ group: [Observation]) -> String {
    guard let first = group.first?.setting, let last = group.last?.setting else { return "-" }
    return first == last ? first.text : "\(first.text) to \(last.text)"
  }
}

extension SearchValue {
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
