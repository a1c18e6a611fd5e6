import LuaHost
import Ranking

/// A sampler made of others.
extension SamplersModule {
  static var mixture: FunctionDescription {
    FunctionDescription(
      "mixture", "Negatives of several samplers, each with its share of a row's `count`.",
      details:
        "A part has on average exactly its share, in a row the next whole number below or above it; its own `count` is not read. The "
        + "mixture gives the logarithm of its proposal where all parts give theirs.",
      equation: "q(j) = sum_k share_k q_k(j)",
      example: """
        local sampler = perigee.samplers.mixture {
          count = 10, shares = { 0.8, 0.2 },
          samplers = { perigee.samplers.uniform {}, perigee.samplers.dynamic { candidates = 64 } },
        }
        """,
      options: [
        .init("samplers", .list(.object((any Sampler).self, named: "sampler"), count: 1...64), "The parts."),
        .init(
          "shares", .list(.number(above: 0)), "Of each part, in any unit; equal where they are left out.",
          optional: true),
        count,
      ], returns: [.init("sampler", .object(MixtureSampler.self), "The sampler.")]
    ) { call in
      let parts = try call.objects("samplers", as: (any Sampler).self)
      let sampler = try MixtureSampler(
        count: 1, parts: parts, shares: call.optionalNumbers("shares") ?? parts.map { _ in 1 })
      sampler.count = try call.schedule("count", ownedBy: sampler)
      // The parts' handles own the functions of their schedules.
      sampler.source = try call.own(call.value("samplers"), by: sampler)
      return [sampler]
    }
  }

  static var mixtureType: TypeDescription {
    TypeDescription(
      MixtureSampler.self, "Negatives of several samplers.",
      fields: [
        countField(\MixtureSampler.count),
        FieldDescription(
          "shares", .list(.number), "Of each part; they add up to 1.", get: { (s: MixtureSampler) in s.shares }),
      ],
      describe: {
        "samplers.mixture(count = \($0.count), "
          + zip($0.parts, $0.shares).map { "\($0.name) \($1)" }.joined(separator: ", ") + ")"
      })
  }
}

extension MixtureSampler: LuaObject { public static var luaName: String { "MixtureSampler" } }
