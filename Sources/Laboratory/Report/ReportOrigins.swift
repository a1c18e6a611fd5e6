/// What it takes to make the runs again: data, machine, versions and the scripts as they were.
struct ReportOrigins {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  var section: ReportSection? {
    ReportSection("origins", "Where it comes from", data + machines + scripts + starts)
  }

  private typealias Fact = (name: String, value: String)

  private var data: [Markup] {
    lists("Data") { record in
      guard let data = record.data else { return [] }
      return [
        ("name", data.name), ("checksum", data.checksum), ("split", data.split), ("train part's checksum", data.train),
      ]
    }
  }

  private var machines: [Markup] {
    lists("Machine and version") { record in
      let machine = record.machine
      return [
        ("machine", machine.host), ("processor", machine.processor),
        ("cores", machine.cores > 0 ? "\(machine.cores)" : ""),
        ("threads", "\(record.threads)"), ("Perigee", record.version), ("commit", record.commit ?? ""),
      ]
    }
  }

  /// The different lists of facts that runs have, each with its runs where there are several.
  private func lists(_ title: String, _ facts: (RunRecord) -> [Fact]) -> [Markup] {
    let all = report.records.map { facts($0).filter { !$0.value.isEmpty } }
    let keys = all.map { $0.map { "\($0.name)\u{0}\($0.value)" }.joined(separator: "\u{0}") }
    let distinct = RunListing.distinct(keys).filter { !$0.isEmpty }
    guard !distinct.isEmpty else { return [] }
    return [ReportPage.heading(title)]
      + distinct.map { key in
        let runs = keys.indices.filter { keys[$0] == key }
        var list = all[runs[0]]
        if distinct.count > 1 { list.append(("of runs", ids(runs))) }
        return .element(
          "dl", [:],
          list.flatMap { [Markup.element("dt", [:], .init($0.name)), Markup.element("dd", [:], .init($0.value))] })
      }
  }

  private var scripts: [Markup] {
    let texts = report.records.map { $0.script?.text ?? "" }
    let distinct = RunListing.distinct(texts).filter { !$0.isEmpty }
    guard !distinct.isEmpty else { return [] }
    return [ReportPage.heading(distinct.count == 1 ? "Script" : "Scripts")]
      + distinct.map { text in
        let runs = texts.indices.filter { texts[$0] == text }
        let path = report.records[runs[0]].script?.path ?? ""
        return ReportPage.folded(
          distinct.count == 1 ? path : "\(path), of runs \(ids(runs))", [.element("pre", [:], .init(text))])
      }
  }

  /// How the scripts were started.
  private var starts: [Markup] {
    let lists = lists("Start") { record in
      guard let launch = record.launch else { return [] }
      return [("arguments", launch.arguments.joined(separator: " ")), ("folder", launch.folder)]
    }
    return lists.isEmpty ? [] : [ReportPage.folded("How it was started", Array(lists.dropFirst()))]
  }

  private func ids(_ runs: [Int]) -> String {
    runs.prefix(6).map { report.records[$0].id }.joined(separator: ", ")
      + (runs.count > 6 ? " and \(runs.count - 6) more" : "")
  }
}
