import Interactions
import LuaHost
import Ranking

/// A sampler written in Lua.
extension SamplersModule {
  static var custom: FunctionDescription {
    FunctionDescription(
      "custom", "A sampler of your own: a function that is called once a batch and returns its negatives.",
      details:
        "The function returns positions of items, from 1: a tensor or a table `[B, N]`, N negatives for each of B positives. With "
        + "`log_proposal = \"negatives\"` it returns ln q of them as well, `[B, N]` and finite, with `\"both\"` ln q of the positives, `[B]`, as "
        + "a third value. Positives among the negatives are allowed and counted (`positives_drawn`). Numbers from "
        + "`s.stream` are the same for the same seed. What the function reads of the model is as it stands before the batch.",
      example: """
        local hardest = perigee.samplers.custom {
          data = split, count = 1,
          sample = function(s)
            local candidates = s.stream:integers({ #s.users, 32 }, split.item_count)
            local best = perigee.one_hot(s:scores(candidates):argmax(2), 32)
            return (candidates * best):sum(2):reshape { #s.users, 1 }
          end,
        }
        """,
      options: [
        .init("data", .object(Split.self), "Whose users and items."),
        .init("sample", .function("fun(s: SamplingBatch): any, any, any"), "See above."), count,
        .init(
          "log_proposal", .choice(LuaSampler.Proposal.self), "Of which items it returns ln q as well.", default: "none"),
        .init("name", .string, "What messages call it.", default: "custom"),
      ], returns: [.init("sampler", .object(LuaSampler.self), "The sampler.")]
    ) { call in
      let sampler = LuaSampler(
        name: try call.string("name"), split: try call.object("data", as: Split.self),
        proposal: try call.choice("log_proposal"))
      sampler.function = try call.own(call.value("sample"), by: sampler)
      sampler.count = try call.schedule("count", ownedBy: sampler)
      return [sampler]
    }
  }
}
