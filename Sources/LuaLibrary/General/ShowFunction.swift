import LuaHost
import Platform

/// `perigee.show`: what the prompt prints, from scripts.
enum ShowFunction {
  static var show: FunctionDescription {
    FunctionDescription(
      "show", "Prints a value for a person: rows and columns where it is that, as the prompt does.",
      details: """
        A list of records, a list of lists, and records by name that are alike are tables: numbers to the right, with `decimals` where \
        they are not whole. Results, runs, tensors and other things that say themselves how they are shown do; other tables are shown as \
        Lua writes them.
        """,
      example: """
        local rows = {}
        for _, dim in ipairs { 16, 32 } do
          local model = perigee.models.mf { data = split, dim = dim }
          local trainer = perigee.trainer { model = model, loss = perigee.losses.bpr {} }
          trainer:run { epochs = 5, progress = false }
          rows[#rows + 1] = { dim = dim, ndcg = perigee.evaluate(model, split)["ndcg@20"] }
        end
        perigee.show(rows, { columns = { "dim", "ndcg" }, title = "Dimensions" })
        """,
      parameters: [.init("value", .any, "What is shown.", optional: true)],
      options: [
        .init(
          "columns", .list(.string),
          "Which keys of records are shown, in this order; titles of the places where rows are lists. All, texts first, if left out.",
          optional: true),
        .init("decimals", .integer(in: 0...15), "Decimals of numbers that are not whole.", default: 4),
        .init(
          "rows", .integer(atLeast: 2), "Rows that are shown, the first and the last where there are more.", default: 40
        ),
        .init(
          "width", .integer(atLeast: 20),
          "Columns of characters; that of the terminal if left out, or 200 elsewhere.", optional: true),
        .init("title", .string, "A line above.", optional: true),
      ]
    ) { call in
      var printer = ValuePrinter()
      printer.columns = call.optionalStrings("columns")
      printer.decimals = try call.integer("decimals")
      printer.rows = try call.integer("rows")
      printer.width = call.optionalInteger("width") ?? terminalColumns(1).map { max(20, $0 - 1) } ?? 200
      if let title = call.optionalString("title") { print(title) }
      print(printer.text(of: call.value("value"), in: call.state))
      return []
    }
  }
}
