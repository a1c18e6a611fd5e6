import LuaHost

/// The Lua module `perigee`, put together from one file for each sub-module.
public enum PerigeeLibrary {
  /// The version that `perigee.version` and `perigee --version` give.
  public static let version = "0.1.0"

  public static func module() -> ModuleDescription {
    ModuleDescription(
      "perigee", "A laboratory for recommendation from implicit feedback.",
      constants: [ConstantDescription("version", "The version of Perigee.", value: .string(version))],
      modules: [])
  }
}
