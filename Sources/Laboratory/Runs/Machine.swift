import Platform

extension RunRecord {
  /// Where a run ran, and its process there.
  public struct Machine: Codable, Equatable, Sendable {
    public var host = ""
    public var processor = ""
    public var cores = 0
    public var process = 0
    /// Since the machine started, in the kernel's ticks: a number of a process is used again, at another time.
    public var processStarted = 0

    public init() {}

    /// This one, and this process.
    public static let current: Machine = {
      var machine = Machine()
      machine.host = ownHost
      machine.processor = processorName ?? ""
      machine.cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
      machine.process = Int(getpid())
      machine.processStarted = startOfProcess(machine.process) ?? 0
      return machine
    }()

    /// Whether the process is known to have ended: on another machine nobody can tell.
    var hasEnded: Bool {
      host == Self.current.host && (startOfProcess(process) ?? -1) != processStarted
    }
  }
}

private var ownHost: String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, 255) == 0 else { return "" }
  return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private var processorName: String? {
  text(of: "/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }?
    .split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
}

/// Field 22 of the kernel's line on a process; behind the name, which may hold spaces and brackets.
private func startOfProcess(_ process: Int) -> Int? {
  guard let line = text(of: "/proc/\(process)/stat"), let end = line.lastIndex(of: ")") else { return nil }
  let fields = line[end...].split(separator: " ")
  return fields.count > 20 ? Int(fields[20]) : nil
}

private func text(of path: String) -> String? {
  (try? RegularFile.bytes(of: path, most: 4 << 20)).map { String(decoding: $0, as: UTF8.self) }
}

/// The commit of the repository that a program was built in, where it runs from there.
enum RepositoryCommit {
  static let ofThisProgram: String? = {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    guard count > 0 else { return nil }
    return find(above: String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }()

  static func find(above path: String) -> String? {
    var folder = path
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      if access(folder + "/.git", R_OK) == 0 { return head(of: folder + "/.git") }
    }
    return nil
  }

  private static func head(of place: String) -> String? {
    // A work tree beside the repository has a file that says where its part of that is.
    let elsewhere = line(of: place).flatMap { $0.hasPrefix("gitdir: ") ? String($0.dropFirst(8)) : nil }
    let folder = elsewhere ?? place
    guard let head = line(of: folder + "/HEAD") else { return nil }
    guard head.hasPrefix("ref: ") else { return head }
    let name = String(head.dropFirst(5))
    let common = line(of: folder + "/commondir").map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" } ?? folder
    if let commit = line(of: "\(common)/\(name)") { return commit }
    return text(of: common + "/packed-refs")?.split(separator: "\n").first { $0.hasSuffix(" \(name)") }
      .flatMap { $0.split(separator: " ").first.map(String.init) }
  }

  private static func line(of path: String) -> String? {
    text(of: path)?.split(separator: "\n").first.map(String.init)
  }
}
