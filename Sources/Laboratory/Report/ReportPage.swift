import Platform

/// The frame of the page, and the elements that its sections share.
enum ReportPage {
  static func html(title: String, _ body: [Markup]) -> String {
    let head = Markup.element(
      "head", [:],
      .element("meta", ["charset": "utf-8"]),
      .element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      .element("meta", ["name": "color-scheme", "content": "light dark"]),
      // Whatever a run had in its texts: nothing is fetched and no script runs.
      .element(
        "meta",
        ["http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"]),
      .element("title", [:], .init(title)),
      .element("style", [:], .own(ReportStyle.page), .own(ChartLook.style)))
    let page = Markup.element("html", ["lang": "en"], head, .element("body", [:], body))
    return (Markup.own("<!DOCTYPE html>\n") + page).source + "\n"
  }

  /// A cell of a table.
  struct Cell {
    var content: Markup
    var isNumber = false
    var isTitle = false

    init(_ text: String) { content = .init(text) }
    init(_ content: Markup, isNumber: Bool = false) { (self.content, self.isNumber) = (content, isNumber) }

    static func number(_ text: String) -> Cell { Cell(Markup(text), isNumber: true) }

    /// What the row is about, on one line.
    static func title(_ text: String, limit: Int = 60) -> Cell {
      var cell = Cell(shown(text, limit: limit))
      cell.isTitle = true
      return cell
    }
  }

  /// A table that scrolls in itself where the page is narrow. A column of numbers stands to the right.
  static func table(_ titles: [String], _ rows: [[Cell]], caption: String? = nil) -> Markup {
    let isNumber = titles.indices.map { column in
      !rows.isEmpty && rows.allSatisfy { $0[column].isNumber || ["-", ""].contains($0[column].content.source) }
    }
    let head = titles.indices.map { column in
      Markup.element("th", ["scope": "col", "class": isNumber[column] ? "number" : nil], .init(titles[column]))
    }
    let body = rows.map { row in
      Markup.element(
        "tr", [:],
        row.indices.map { column in
          let style = isNumber[column] ? "number" : nil
          return row[column].isTitle
            ? .element("th", ["scope": "row", "class": style], row[column].content)
            : .element("td", ["class": style], row[column].content)
        })
    }
    let parts: [Markup] = [
      .element("thead", [:], .element("tr", [:], head)), .element("tbody", [:], body),
    ]
    let title = caption.map { [Markup.element("caption", [:], .init($0))] } ?? []
    return .element("div", ["class": "wide"], .element("table", [:], title + parts))
  }

  static func table(_ cells: TextCells, caption: String? = nil) -> Markup {
    table(
      cells.titles,
      cells.rows.map { row in
        row.map { text in Double(text) != nil || text.hasSuffix(" %") ? .number(text) : Cell(text.isEmpty ? "-" : text)
        }
      }, caption: caption)
  }

  static func paragraph(_ text: String) -> Markup { .element("p", [:], .init(text)) }
  static func note(_ text: String) -> Markup { .element("p", ["class": "note"], .init(text)) }
  static func heading(_ text: String) -> Markup { .element("h3", [:], .init(text)) }

  /// What is shown when somebody asks for it.
  static func folded(_ title: String, _ content: [Markup]) -> Markup {
    .element("details", [:], [.element("summary", [:], .init(title))] + content)
  }

  /// Charts beside each other where there is room.
  static func charts(_ charts: [Chart], name: String) -> Markup {
    .element(
      "div", ["class": "charts"],
      charts.enumerated().map { .element("figure", [:], $1.markup(name: "\(name)-\($0 + 1)")) })
  }
}
