import LuaHost

/// Writes the cases of a seed: case `n` is the same whoever asks, and whatever was asked before.
struct CaseWriter {
  let seed: UInt64
  let catalog: Catalog
  let corpus: Corpus

  func write(_ number: Int) -> Case {
    let choices = Choices(seed: seed, number: number)
    let kind = Kind(ofCase: number)
    switch kind {
    case .program: return program(choices)
    case .data: return data(choices)
    case .cache: return cache(choices)
    case .model: return model(choices)
    case .tensor: return tensor(choices)
    case .config: return config(choices)
    case .fault: return fault(choices)
    }
  }

  private func program(_ choices: Choices) -> Case {
    var writer = ProgramWriter(catalog, choices)
    if writer.choices.chance(0.4) { writer.writeBeginning() }
    writer.writeStatements(2 + writer.choices.below(8))
    return make(.program, writer)
  }

  private func make(_ kind: Kind, _ writer: ProgramWriter, files: [CaseFile] = []) -> Case {
    var result = Case(kind: kind, files: files, statements: writer.lines)
    if files.isEmpty { result.files = Samples.files(for: result.program) }
    return result
  }

  // MARK: Files

  private func data(_ choices: Choices) -> Case {
    var damage = Damage(choices: choices)
    let sample = damage.choices.pick(Samples.all)
    var files = sample.files
    let damaged = damage.choices.below(files.count)
    if sample.path.hasSuffix(".mat") {
      files[damaged].bytes = damage.binary(files[damaged].bytes)
      if damage.choices.chance(0.4), let packed = Matlab.compressed(files[damaged].bytes) {
        files[damaged].bytes = packed
      }
    } else {
      files[damaged].bytes = damage.text(files[damaged].bytes)
    }
    var writer = ProgramWriter(catalog, damage.choices)
    open(sample.path, &writer, cache: writer.choices.chance(0.1))
    return make(.data, writer, files: files)
  }

  /// Opens what was damaged, with options of any kind, and looks at what comes of it.
  private func open(_ path: String, _ writer: inout ProgramWriter, cache: Bool) {
    let description = catalog.callables.first { $0.label == "perigee.data.open" }!.description
    let given = description.options.filter { $0.name != "cache" && writer.choices.chance(0.12) }
    var options = writer.options(given, of: nil)
    options = options == "{}" ? "{ cache = \(cache) }" : "{ cache = \(cache), " + options.dropFirst(2)
    writer.keep(
      "call(\(writer.number()), \"perigee.data.open\", \(Literals.quoted(path)), \(options))", tags: ["dataset"])
    writer.keep("method(\(writer.number()), \"Dataset:split\", v[1], { kind = \"given\" })", tags: ["split"])
    for member in catalog.members["dataset"]! where member.description.parameters.isEmpty && member.form == .method {
      if member.description.options.isEmpty { writer.write(member, receiver: "v[1]") }
    }
    writer.writeStatements(writer.choices.below(3))
  }

  private func cache(_ choices: Choices) -> Case {
    var damage = Damage(choices: choices)
    let (path, whole) = damage.choices.pick(corpus.caches)
    var files = whole
    let cached = files.firstIndex(where: \.isChecked)!
    files[cached] = damaged(files[cached], &damage)
    var writer = ProgramWriter(catalog, damage.choices)
    writer.keep("call(\(writer.number()), \"perigee.data.open\", \(Literals.quoted(path)))", tags: ["dataset"])
    for member in catalog.members["dataset"]! where member.form == .method && member.description.options.isEmpty {
      writer.write(member, receiver: "v[1]")
    }
    writer.keep("method(\(writer.number()), \"Dataset:split\", v[1], { kind = \"ratio\" })", tags: ["split"])
    writer.writeStatements(2)
    return make(.cache, writer, files: files)
  }

  private func model(_ choices: Choices) -> Case {
    var damage = Damage(choices: choices)
    let variant = damage.choices.below(corpus.models.count)
    let file = damaged(corpus.models[variant], &damage)
    var writer = ProgramWriter(catalog, damage.choices)
    writer.keep("sample(\"model\", \(variant + 1))", tags: ["model"])
    writer.lines.append("method(\(writer.number()), \"Model:load\", v[1], \(Literals.quoted(file.path)))")
    writer.writeStatements(2)
    return make(.model, writer, files: [file])
  }

  private func tensor(_ choices: Choices) -> Case {
    var damage = Damage(choices: choices)
    let file = damaged(damage.choices.pick(corpus.tensors), &damage)
    var writer = ProgramWriter(catalog, damage.choices)
    writer.keep("call(\(writer.number()), \"perigee.read_npy\", \(Literals.quoted(file.path)))", tags: ["tensor"])
    writer.lines.append("show(\(writer.number()), v[1])")
    writer.writeStatements(2)
    return make(.tensor, writer, files: [file])
  }

  /// The content is damaged; sometimes the header too, and the checksum is left wrong.
  private func damaged(_ file: CaseFile, _ damage: inout Damage) -> CaseFile {
    var file = file
    if file.isChecked, file.bytes.count > 40, !damage.choices.chance(0.1) {
      file.bytes = file.bytes[..<40] + damage.binary(Array(file.bytes[40...]))
    } else {
      file.bytes = damage.binary(file.bytes)
      file.isChecked = false
    }
    return file
  }

  private func config(_ choices: Choices) -> Case {
    var config = ConfigWriter(choices: choices)
    let text = config.write()
    var writer = ProgramWriter(catalog, config.choices)
    writer.keep("call(\(writer.number()), \"perigee.config\", \"config.lua\")", tags: [])
    writer.lines.append("show(\(writer.number()), v[1])")
    return make(.config, writer, files: [CaseFile(path: "config.lua", bytes: text)])
  }

  // MARK: Faults

  private func fault(_ choices: Choices) -> Case {
    var writer = ProgramWriter(catalog, choices)
    switch writer.choices.below(20) {
    case 0: return killed(&writer)
    case 1..<7: return fullDisk(&writer)
    case 7..<14: return changed(&writer) { .littleMemory(bytes: $0.below(1 << $0.within(4...19))) }
    default: return changed(&writer) { .interruption(at: 1 + $0.below(10)) }
    }
  }

  private func changed(_ writer: inout ProgramWriter, _ fault: (inout Choices) -> Fault) -> Case {
    if writer.choices.chance(0.6) { writer.writeBeginning() }
    writer.writeStatements(3 + writer.choices.below(8))
    var result = make(.fault, writer)
    result.fault = fault(&writer.choices)
    return result
  }

  /// What was saved before the disk was full must be there when it is.
  private func fullDisk(_ writer: inout ProgramWriter) -> Case {
    let variant = 1 + writer.choices.below(corpus.models.count)
    writer.keep("sample(\"model\", \(variant))", tags: ["model"])
    writer.lines.append("method(\(writer.number()), \"Model:save\", v[1], \"out.model\")")
    let from = writer.number()
    writer.lines.append("method(\(from), \"Model:save\", v[1], \"out.model\")")
    writer.lines.append("method(\(writer.number()), \"Tensor:write_npy\", sample(\"tensor\", 2), \"out.npy\")")
    writer.lines.append("call(\(writer.number()), \"perigee.data.open\", \"pairs.csv\")")
    writer.lines.append("must(\(writer.number()), \"Model:load\", v[1], \"out.model\")")
    writer.writeStatements(2)
    var result = make(.fault, writer)
    result.fault = .fullDisk(bytes: writer.choices.below(1 << writer.choices.within(1...12)), from: from)
    return result
  }

  private func killed(_ writer: inout ProgramWriter) -> Case {
    let variant = 1 + writer.choices.below(corpus.models.count)
    let statements = [
      "local model = sample(\"model\", \(variant))",
      "model:save \"out.model\"",
      "sample(\"tensor\", 1):write_npy \"ready\"",
      "while true do model:save \"out.model\" end",
      "-- after",
      "local model = sample(\"model\", \(variant))",
      "must(1, \"Model:load\", model, \"out.model\")",
      "method(2, \"Model:save\", model, \"out.model\")",
    ]
    return Case(kind: .fault, statements: statements, fault: .kill(microseconds: writer.choices.below(3000)))
  }
}
