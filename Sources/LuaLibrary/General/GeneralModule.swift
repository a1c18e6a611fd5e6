import Platform
import LuaHost
import Tensors

/// Functions of `perigee` itself.
enum GeneralModule {
  static var functions: [FunctionDescription] { [config, ShowFunction.show, threads, seconds, memory] }

  private static var config: FunctionDescription {
    FunctionDescription(
      "config", "Reads a config: a Lua file that returns a table of plain data.",
      details:
        "The file is evaluated with no io, os, require or native access, within 10 million instructions, 32 MB and 10 seconds, so that "
        + "a config from a stranger can be read safely.",
      example: "local settings = perigee.config \"lua/papers/settings/mml.lua\"",
      parameters: [.init("path", .string, "The file.")], returns: [.init("config", .any, "What the file returns.")]
    ) { call in [try Sandbox().evaluateFile(try call.string("path"))] }
  }

  private static var threads: FunctionDescription {
    FunctionDescription(
      "threads", "The number of threads in use; with an argument, sets it. Results do not depend on it.",
      parameters: [.init("count", .integer(in: ThreadPool.threadCounts), "Threads from now on.", optional: true)],
      returns: [.init("count", .integer, "Threads in use.")]
    ) { call in
      if let count = call.optionalInteger("count") { ThreadPool.setSharedThreadCount(count) }
      return [ThreadPool.shared.threadCount]
    }
  }

  private static var seconds: FunctionDescription {
    FunctionDescription(
      "seconds", "Seconds on a clock that only goes forward, for timing.",
      returns: [.init("seconds", .number, "Since some fixed moment.")]
    ) { _ in [monotonicSeconds()] }
  }

  private static var memory: FunctionDescription {
    FunctionDescription(
      "memory", "Megabytes of memory that the process holds now, and at most held so far.",
      returns: [.init("now", .number, "MB now."), .init("peak", .number, "MB at the most.")]
    ) { _ in
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let peak = Double(usage.ru_maxrss) / 1024
      return [residentMegabytes() ?? peak, peak]
    }
  }

  private static func residentMegabytes() -> Double? {
    guard let file = fopen("/proc/self/statm", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 200)
    guard fgets(&buffer, 200, file) != nil else { return nil }
    let fields = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
      separator: " ")
    guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
  }
}
