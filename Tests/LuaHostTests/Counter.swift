import Synchronization

@testable import LuaHost

/// A small class to bind in tests.
class Counter: LuaObject {
  static var luaName: String { "Counter" }
  /// The living counters, of all tests: a test that counts runs alone (`.serialized` suites share it).
  private static let living = Atomic<Int>(0)
  static var alive: Int { living.load(ordering: .relaxed) }
  var count: Int
  var step = 1
  var bytes: Int

  init(count: Int, bytes: Int = 0) {
    self.count = count
    self.bytes = bytes
    Counter.living.add(1, ordering: .relaxed)
  }
  deinit { Counter.living.subtract(1, ordering: .relaxed) }

  static var type: TypeDescription {
    TypeDescription(
      Counter.self, "A number that grows.",
      methods: [
        FunctionDescription(
          "add", "Adds to the count.", parameters: [.init("by", .integer, "How much.", default: 1)],
          returns: [.init("self", .object(Counter.self), "The counter.")]
        ) { call in
          let counter = call.receiver(Counter.self)
          counter.count += try call.integer("by") * counter.step
          return [call.receiverValue]
        },
        FunctionDescription(
          "grow", "Takes more memory.", parameters: [.init("bytes", .integer(atLeast: 0), "How much.")]
        ) { call in
          call.receiver(Counter.self).bytes += try call.integer("bytes")
          return []
        },
      ],
      fields: [
        FieldDescription("count", .integer, "The count.", get: { (counter: Counter) in counter.count }),
        FieldDescription(
          "step", .integer(atLeast: 1), "What one step adds.", get: { (counter: Counter) in counter.step },
          set: { (counter, call) in counter.step = try call.integer("step") }),
      ],
      metamethods: [
        FunctionDescription(
          "__add", "Adds counts.",
          parameters: [
            .init("left", .object(Counter.self).or(.integer), "A counter or a number."),
            .init("right", .object(Counter.self).or(.integer), "A counter or a number."),
          ]
        ) { call in
          let left = call.optionalInteger("left") ?? call.optionalObject("left", as: Counter.self)!.count
          let right = call.optionalInteger("right") ?? call.optionalObject("right", as: Counter.self)!.count
          return [Counter(count: left + right)]
        },
        FunctionDescription("__len", "The count.", parameters: [.init("self", .object(Counter.self), "A counter.")]) {
          call in
          [try call.object("self", as: Counter.self).count]
        },
        FunctionDescription(
          "__index", "A multiple of the count.",
          parameters: [.init("self", .object(Counter.self), "A counter."), .init("factor", .integer, "The factor.")]
        ) { call in
          [try call.object("self", as: Counter.self).count * call.integer("factor")]
        },
      ],
      size: { $0.bytes }, describe: { "Counter(\($0.count))" })
  }

  static var module: ModuleDescription {
    ModuleDescription(
      "lab", "A module for tests.",
      functions: [
        FunctionDescription(
          "counter", "Makes a counter.",
          options: [
            .init("start", .integer(atLeast: 0), "The first count.", default: 0),
            .init("bytes", .integer(atLeast: 0), "Native memory.", default: 0, unit: "bytes"),
            .init(
              "rate", .number(above: 0).or(.function("fun(step: integer): number")), "A rate or a schedule.",
              optional: true),
            .init("kind", .choice(["plain", "round"]), "The kind.", default: "plain"),
            .init(
              "init", .options([.init("std", .number(above: 0), "Deviation.", default: 0.1)]), "Initial values.",
              optional: true),
            .init("margins", .list(.number), "Margins.", default: [0.1, 0.2]),
          ],
          returns: [.init("counter", .object(Counter.self), "A counter.")]
        ) { call in
          [Counter(count: try call.integer("start"), bytes: try call.integer("bytes"))]
        },
        FunctionDescription(
          "show", "Shows what a body reads.",
          options: [
            .init(
              "init", .options([.init("std", .number(above: 0), "Deviation.", default: 0.1)]), "Initial.",
              optional: true),
            .init("std", .number, "Another.", default: 1),
            .init("margins", .list(.number), "Margins.", default: [0.5]),
            .init("metrics", .string.or(.list(.string)), "Metrics.", default: "ndcg"),
          ]
        ) { call in
          let metrics = try call.strings("metrics").joined(separator: "+")
          return ["\(try call.number("init.std")) \(try call.numbers("margins")) \(metrics)"]
        },
        FunctionDescription(
          "need", "Reads a counter.", options: [.init("counter", .object(Counter.self), "What to read.")]
        ) { call in [try call.object("counter", as: Counter.self).count] },
        FunctionDescription("sum", "Adds.", variadic: .init("term", .number, "A term.")) { call in
          [call.rest.reduce(0) { $0 + $1.asNumber! }]
        },
        FunctionDescription("other", "Makes a structure.") { _ in [Other(size: 7)] },
        FunctionDescription("special", "Makes an instance of a subclass.") { _ in [SpecialCounter(count: 100)] },
        FunctionDescription("stray", "Makes what no module describes.") { _ in [Stray()] },
        FunctionDescription(
          "size", "The size of anything sized.",
          parameters: [.init("thing", .object((any Sized).self, named: "sized thing"), "What to measure.")]
        ) { call in [try call.object("thing", as: (any Sized).self).size] },
      ],
      types: [type, TypeDescription(Other.self, "A structure.", describe: { "Other(\($0.size))" })],
      modules: [
        ModuleDescription(
          "math", "More.",
          functions: [
            FunctionDescription(
              "map", "Calls a function.",
              parameters: [.init("f", .function, "A function."), .init("x", .number, "Its argument.")],
              returns: [.init("y", .number, "What it returned.")]
            ) { call in
              [try call.function("f").callForNumber(try call.number("x"))]
            }
          ])
      ])
  }
}

/// Not described itself.
final class SpecialCounter: Counter {}

protocol Sized { var size: Int { get } }

extension Counter: Sized { var size: Int { count } }

/// A structure to bind.
struct Other: LuaObject, Sized {
  static var luaName: String { "Other" }
  var size: Int
}

final class Stray: LuaObject {
  static var luaName: String { "Stray" }
}
