import LuaHost
import Tensors

/// Random numbers for a sampler or an encoding written in Lua: the same for the same seed and place in training.
public final class BatchStream: LuaObject {
  public static var luaName: String { "BatchStream" }
  private let stream: RandomStream
  private var calls = 0

  init(_ stream: RandomStream) { self.stream = stream }

  /// Numbers that no other call gets.
  private func next() -> RandomStream {
    calls += 1
    return stream.substream(calls)
  }

  static var type: TypeDescription {
    TypeDescription(
      BatchStream.self, "Random numbers of a batch, the same for the same seed at any number of threads.",
      methods: [
        FunctionDescription(
          "uniform", "Numbers uniform in 0 <= x < 1.", example: "local x = s.stream:uniform { #s.users, s.count }",
          parameters: [shape], returns: [.init("tensor", .tensor, "New numbers at each call.")]
        ) { call in
          [
            try Tensor.uniform(
              call.integers("shape"), from: 0, to: 1, stream: call.receiver(BatchStream.self).next())
          ]
        },
        FunctionDescription(
          "integers", "Whole numbers from 1 to `last`, all equally likely.",
          example: "local items = s.stream:integers({ #s.users, s.count }, split.item_count)",
          parameters: [shape, .init("last", .integer(in: 1...1 << 24), "The largest.")],
          returns: [.init("tensor", .tensor, "New numbers at each call.")]
        ) { call in
          let last = try call.integer("last")
          let stream = call.receiver(BatchStream.self).next()
          let result = try Tensor.zeros(call.integers("shape"))
          try result.withMutableElements { elements in
            for place in elements.indices {
              elements[place] = Float(stream.integer(below: last, at: UInt64(place)) + 1)
            }
          }
          return [result]
        },
      ], describe: { _ in "BatchStream" })
  }

  private static var shape: ParameterDescription { .init("shape", .shape, "Lengths of the axes.") }
}
