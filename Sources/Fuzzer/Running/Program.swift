import LuaHost
import LuaLibrary
import Platform

/// What is tried, and how another process that tries it is started.
enum Program {
  static let threads = 2

  /// The library; `planted` adds functions with known faults, for the fuzzer's own tests.
  static func module(planted: Bool) -> ModuleDescription {
    var module = PerigeeLibrary.module()
    if planted { module.modules.append(Planted.module) }
    return module
  }

  /// The executable and the arguments that every process of this run has.
  nonisolated(unsafe) static var arguments: [String] = ["/proc/self/exe"]
}

/// Functions with faults that a fuzzer has to find.
enum Planted {
  static var module: ModuleDescription {
    ModuleDescription("planted", "Faults.", functions: [crashing, hanging])
  }

  private static var crashing: FunctionDescription {
    FunctionDescription(
      "crash", "Ends the process at numbers beyond a million.", parameters: [.init("number", .integer, "Any number.")],
      returns: [.init("number", .integer, "The number.")]
    ) { call in
      let number = try call.integer("number")
      precondition(number <= 1_000_000, "a planted fault")
      return [number]
    }
  }

  private static var hanging: FunctionDescription {
    FunctionDescription(
      "hang", "Never returns with `true`.", options: [.init("forever", .boolean, "Whether.", default: false)]
    ) {
      call in
      while try call.boolean("forever") { sched_yield() }
      return []
    }
  }
}

/// Sets a limit of this process; nil takes it away as far as that is allowed.
func limit(_ resource: __rlimit_resource, to amount: Int?) {
  var limits = rlimit()
  getrlimit(__rlimit_resource_t(resource.rawValue), &limits)
  limits.rlim_cur = amount.map { min(rlim_t($0), limits.rlim_max) } ?? limits.rlim_max
  setrlimit(__rlimit_resource_t(resource.rawValue), &limits)
}
