import Platform

/// How a comparison is written.
public enum ComparisonFormat: String, CaseIterable, Sendable { case text, markdown, latex, csv }

extension RunComparison {
  public func written(_ format: ComparisonFormat) -> String {
    switch format {
    case .text: text
    case .markdown: markdown
    case .latex: latex
    case .csv: csv
    }
  }

  /// What the marks say, as a sentence.
  var legend: String {
    let against = options.baseline.map { "better than \(shown($0))" } ?? "better than each other"
    return "* \(against), p < \(options.level) by the \(options.test.title) over users, Holm's correction"
  }

  /// A mean, with its deviation where there are several runs.
  func number(_ group: Group, _ cell: Cell, plusMinus: String) -> String {
    if cell.moments.mean.isNaN { return "-" }
    let mean = decimal(cell.moments.mean, 4)
    return group.ids.count < 2 ? mean : "\(mean)\(plusMinus)\(decimal(cell.moments.deviation, 4))"
  }

  private func rows(plusMinus: String, _ mark: (String, Cell) -> String, _ name: (String) -> String) -> [[String]] {
    groups.map { group in
      [name(group.name), "\(group.ids.count)"]
        + group.cells.map { cell in mark(number(group, cell, plusMinus: plusMinus), cell) }
    }
  }

  // MARK: For a terminal

  private var text: String {
    let main = TextCells(
      titles: [options.key, "runs"] + metrics.map { shown($0) },
      rows: rows(plusMinus: " ± ") { text, cell in
        text + (cell.isBest ? "¹" : cell.isSecond ? "²" : "") + (cell.isSignificant ? "*" : "")
      } _: {
        shown($0)
      })
    var lines = [main.text]
    if groups.count > 1 {
      lines += [
        "¹ best, ² second; \(legend)", "", differences.text, "p: Holm's correction over the groups of each metric",
      ]
    }
    return (lines + warnings.map { "warning: \($0)" }).joined(separator: "\n")
  }

  var differences: TextCells {
    var rows: [[String]] = []
    for (index, metric) in metrics.enumerated() {
      for group in groups {
        guard let against = group.cells[index].against else { continue }
        rows.append([
          shown(metric), shown(group.name), shown(against.reference), "\(decimal(100 * against.gain, 2)) %",
          against.users == 0 ? "" : decimal(against.difference, 5),
          against.interval.map { "\(decimal($0.lowerBound, 5)) to \(decimal($0.upperBound, 5))" } ?? "",
          Self.statistic(against.t), Self.probability(against.p[.student]), Self.probability(against.p[.wilcoxon]),
          Self.probability(against.p[.permutation]), "\(against.users)",
        ])
      }
    }
    return TextCells(
      titles: [
        "metric", options.key, "against", "gain", "difference", "95 % (bootstrap)", "t", "p (t)", "p (Wilcoxon)",
        "p (permutation)", "users",
      ], rows: rows)
  }

  private static func statistic(_ value: Double) -> String { value.isNaN ? "" : decimal(value, 2) }

  private static func probability(_ value: Double?) -> String {
    guard let value, !value.isNaN else { return "" }
    // Smaller ones are 0 by then, or have few digits left.
    if value < 1e-300 { return "<1e-300" }
    if value >= 0.0001 { return decimal(value, 4) }
    let exponent = Int(log10(value).rounded(.down))
    return "\(decimal(value * pow(10, Double(-exponent)), 1))e\(exponent)"
  }

  // MARK: For papers

  private var markdown: String {
    func cell(_ text: String) -> String { shown(text).replacing("|", with: "\\|") }
    let body = rows(plusMinus: " ± ") { text, cell in
      let marked = cell.isBest ? "**\(text)**" : cell.isSecond ? "<u>\(text)</u>" : text
      return marked + (cell.isSignificant ? "\\*" : "")
    } _: {
      cell($0)
    }
    let head = [options.key, "runs"] + metrics.map { cell($0) }
    let lines =
      [head, head.indices.map { $0 == 0 ? "---" : "---:" }] + body
    return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
      + (groups.count > 1 ? "\n\n\(legend.replacing("*", with: "\\*"))." : "")
  }

  private var latex: String {
    let body = rows(plusMinus: " \\pm ") { text, cell in
      let math = "$\(text)$"
      let marked = cell.isBest ? "\\textbf{\\boldmath\(math)}" : cell.isSecond ? "\\underline{\(math)}" : math
      return marked + (cell.isSignificant ? "$^*$" : "")
    } _: {
      Self.latexText($0)
    }
    let head = ([options.key, "runs"] + metrics).map(Self.latexText).joined(separator: " & ")
    var lines = [
      "\\begin{tabular}{l\(String(repeating: "r", count: metrics.count + 1))}", "\\toprule", "\(head) \\\\",
      "\\midrule",
    ]
    lines += body.map { "\($0.joined(separator: " & ")) \\\\" }
    lines += ["\\bottomrule", "\\end{tabular}"]
    if groups.count > 1 { lines.append("% \(legend)") }
    return lines.joined(separator: "\n")
  }

  /// Text in which nothing is a command.
  private static func latexText(_ text: String) -> String {
    shown(text).map { character in
      switch character {
      case "\\": "\\textbackslash{}"
      case "~": "\\textasciitilde{}"
      case "^": "\\textasciicircum{}"
      case "&", "%", "$", "#", "_", "{", "}": "\\\(character)"
      default: "\(character)"
      }
    }.joined()
  }

  // MARK: For programs

  /// A row for each group and metric.
  private var csv: String {
    func text(_ value: Double?) -> String { value.map { $0.isNaN ? "" : "\($0)" } ?? "" }
    var rows: [[String]] = []
    for group in groups {
      for (metric, cell) in zip(metrics, group.cells) {
        let against = cell.against
        rows.append([
          group.name, metric, "\(group.ids.count)", text(cell.moments.mean), text(cell.moments.deviation),
          "\(cell.isBest)", "\(cell.isSignificant)", against?.reference ?? "", text(against?.gain),
          text(against?.difference), text(against?.interval?.lowerBound), text(against?.interval?.upperBound),
          text(against?.t), text(against?.p[.student]), text(against?.p[.wilcoxon]), text(against?.p[.permutation]),
          against.map { "\($0.users)" } ?? "", group.ids.joined(separator: " "),
        ])
      }
    }
    return TextCells(
      titles: [
        options.key, "metric", "runs", "mean", "deviation", "best", "significant", "against", "gain", "difference",
        "lower", "upper", "t", "p_t", "p_wilcoxon", "p_permutation", "users", "ids",
      ], rows: rows
    ).csv
  }
}
