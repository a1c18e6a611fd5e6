import Interactions

/// Files that the library itself writes: whole ones, to be damaged.
struct Corpus {
  /// A cache beside the data that it was made from, opened by this path.
  let caches: [(path: String, files: [CaseFile])]
  /// By the variant of `sample("model", ...)`.
  let models: [CaseFile]
  let tensors: [CaseFile]
}

extension Corpus {
  /// Made in the folder where the process stands, which is left as it was.
  init(_ runner: CaseRunner) throws {
    caches = try Samples.all.map(Self.padded).compactMap { sample in
      let program = "call(1, \"perigee.data.open\", \(Literals.quoted(sample.path)))"
      let left = try runner.files(after: Case(kind: .cache, files: sample.files, statements: [program]))
      let cached = left.filter { $0.path.hasPrefix("cache/") }
      return cached.isEmpty ? nil : (sample.path, sample.files + cached.map(Self.checked))
    }
    models = try (1...Recipes.samples["model"]!).map { variant in
      let program = "method(1, \"Model:save\", sample(\"model\", \(variant)), \"saved.model\")"
      return try runner.files(after: Case(kind: .model, statements: [program])).map(Self.checked).first
        ?? CaseFile(path: "saved.model", bytes: [])
    }
    tensors = try (1...Recipes.samples["tensor"]!).flatMap { variant in
      let program = "method(1, \"Tensor:write_npy\", sample(\"tensor\", \(variant)), \"saved.npy\")"
      return try runner.files(after: Case(kind: .tensor, statements: [program]))
    }
  }

  /// Only large files are worth a cache: empty lines make one large that is still a small set.
  private static func padded(_ sample: Samples.Sample) -> Samples.Sample {
    var files = Dictionary(uniqueKeysWithValues: sample.files.map { ($0.path, $0.bytes) })
    let first = sample.files[0].path
    files[first]! += [UInt8](repeating: UInt8(ascii: "\n"), count: 300_000)
    return Samples.Sample(sample.path, files)
  }

  private static func checked(_ file: CaseFile) -> CaseFile {
    CaseFile(path: file.path, bytes: file.bytes, isChecked: true)
  }
}
