import Interactions
import LuaHost

enum DataEarly {
  static func module() -> ModuleDescription {
    ModuleDescription(
      "data", "Data sets.",
      functions: [
        FunctionDescription("open", "Opens a set.", parameters: [.init("name", .string, "Name or path.")]) { call in
          [try Dataset.open(try call.string("name"))]
        }
      ],
      types: [
        TypeDescription(
          Dataset.self, "A data set.",
          methods: [
            FunctionDescription(
              "split", "Cuts it.",
              options: [
                .init("kind", .choice(["given", "ratio"]), "Rule.", default: "given"),
                .init("test", .number, "Share.", default: 0.2), .init("valid", .number, "Share.", default: 0),
                .init("seed", .integer, "Seed.", default: 0),
              ]
            ) { call in
              let data = call.receiver(Dataset.self)
              let valid = try call.number("valid")
              let seed = UInt64(try call.integer("seed"))
              if try call.string("kind") == "given" { return [try data.split(.given(valid: valid, seed: seed))] }
              return [try data.split(.ratio(test: try call.number("test"), valid: valid, seed: seed))]
            }
          ]), TypeDescription(Split.self, "A split."),
      ])
  }
}
extension Dataset: LuaObject { public static var luaName: String { "Dataset" } }
extension Split: LuaObject { public static var luaName: String { "Split" } }
