import Laboratory
import LuaHost
import Platform

/// `perigee.plot`: charts as text and as pictures.
enum PlotModule {
  static var plot: FunctionDescription {
    FunctionDescription(
      "plot", "Draws curves, bars or a histogram: `print` shows them as text, and a file gets them as an SVG picture.",
      details:
        "`data` is one of these, or several by name (drawn in the order of the names) or in a list (each with its `name`): a list of "
        + "numbers or a tensor of one axis; a list of points `{ x, y }`, a tensor `[n, 2]`, or `{ x = ..., y = ... }` of two lists; a run "
        + "(what `trainer:run`, `model:fit` or `store:get` give, or `trainer.history`), whose loss and metrics are drawn by epoch; "
        + "numbers by name, a bar each; a distribution of `perigee.score_distributions`. Values that are not finite leave a gap, "
        + "and a line below says how many there are. Series of one name look alike. The picture is readable on light and dark ground.",
      example: """
        print(perigee.plot(run))                                      -- loss and metrics by epoch
        print(perigee.plot({ bpr = run, softmax = other }, { show = "ndcg@20" }))
        print(perigee.plot(result.per_user["ndcg@20"], { kind = "histogram", x = "ndcg@20", y = "users" }))
        print(perigee.plot({ bpr = 0.283, softmax = 0.337 }, { title = "ndcg@20", file = "losses.svg" }))
        """,
      parameters: [.init("data", .any, "What is drawn.")],
      options: [
        .init(
          "kind", .choice(Chart.Kind.self),
          "line, points, bar or histogram; lines by default, and bars of numbers by name.", optional: true),
        .init("title", .string, "What stands above.", optional: true),
        .init("x", .string, "What the horizontal axis is.", optional: true),
        .init("y", .string, "What the vertical axis is.", optional: true),
        .init("log", .choice(["x", "y", "xy"]), "Axes that are logarithmic.", optional: true),
        .init(
          "show", .string.or(.list(.string)),
          "Of runs the curves, such as `\"loss\"`; of numbers by name which of them.",
          optional: true),
        .init(
          "bins", .integer(in: 1...1000), "Of a histogram; some twenty with round edges by default.", optional: true),
        .init("width", .integer(in: 20...1000), "Characters in a line of the text.", default: 72),
        .init("height", .integer(in: 3...200), "Lines of the text between the axes.", default: 12),
        .init(
          "ascii", .boolean, "Whether the text is of ASCII alone, for terminals that have no Braille and no blocks.",
          default: false),
        .init("file", .string, "A file that gets the picture; its name ends in .svg.", optional: true),
      ],
      returns: [
        .init(
          "chart",
          .table([
            .init("text", .string, "The chart for a terminal."), .init("svg", .string, "The picture."),
          ]), "It prints as its text.")
      ]
    ) { call in
      let charts = try charts(call)
      var options = TextChartOptions()
      options.width = try call.integer("width")
      options.height = try call.integer("height")
      options.isASCII = try call.boolean("ascii")
      let (text, svg) = (charts.text(options), charts.svg)
      if let path = call.optionalString("file") { try write(svg, path, call) }
      return [LuaReport(["text": text, "svg": svg] as LuaRecord, says: text)]
    }
  }

  private static func charts(_ call: LuaCall) throws -> [Chart] {
    var maker = PlotCharts()
    maker.kind = call.optionalChoice("kind")
    maker.bins = call.optionalInteger("bins")
    maker.shown = call.optionalStrings("show")
    var charts = try maker.charts(of: call.value("data"))
    if maker.bins != nil, charts.contains(where: { $0.kind != .histogram }) {
      throw call.error("bins", "are for a histogram: give kind = \"histogram\" too")
    }
    for index in charts.indices {
      if index == 0, let title = call.optionalString("title") { charts[index].title = title }
      if let x = call.optionalString("x") { charts[index].xTitle = x }
      if let y = call.optionalString("y") { charts[index].yTitle = y }
      try setLogarithmic(&charts[index], call)
    }
    return charts
  }

  private static func setLogarithmic(_ chart: inout Chart, _ call: LuaCall) throws {
    guard let axes = call.optionalString("log") else { return }
    if axes.contains("x"), chart.kind == .bar || chart.kind == .histogram {
      throw call.error(
        "log", "the horizontal axis of a \(chart.kind.rawValue) chart has no logarithms; \"y\" is its values' axis")
    }
    (chart.isXLogarithmic, chart.isYLogarithmic) = (axes.contains("x"), axes.contains("y"))
  }

  private static func write(_ svg: String, _ path: String, _ call: LuaCall) throws {
    guard path.hasSuffix(".svg") else {
      throw call.error("file", "'\(shownPath(path))': want a name that ends in .svg")
    }
    do { try DraftFile.write(svg, to: path) } catch { throw call.error("file", "\(error)") }
  }
}
