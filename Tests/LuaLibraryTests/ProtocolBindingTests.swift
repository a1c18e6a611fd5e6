import Interactions
import LuaHost
import LuaLibrary
import Testing

/// What UIB's protocol wants of a trainer, a model and a split: corrupted samples, positives with replacement, dropout of both sides,
/// users with too few interactions.
@Suite struct ProtocolBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function trainer(options)
      local o = { batch = 32, seed = 1, loss = perigee.losses.uib { alpha = 1 }, sampler = perigee.samplers.uniform { count = 2 },
        optimizer = perigee.optimizers.adagrad { rate = 0.1 } }
      for key, value in pairs(options) do o[key] = value end
      o.model = o.model or perigee.models.mf { data = split, dim = 8, score = "dot", boundary = "linear", init = { std = 0.3 } }
      return perigee.trainer(o)
    end

    """

  @Test func anEpochSaysItsCorruptedRate() throws {
    let values = try run(
      """
      local by_boundary, by_pairs, without = trainer { corrupted = "boundary" }, trainer { corrupted = "pairs" }, trainer {}
      local report = by_boundary:epoch()
      by_pairs:epoch()
      without:epoch()
      local batch = by_boundary:step()
      local run = by_pairs:run { epochs = 20, progress = false }
      local last = by_pairs.history[#by_pairs.history]
      return report.corrupted_rate == by_boundary.history[1].corrupted_rate, report.corrupted_positives ~= report.corrupted_negatives,
        by_pairs.history[1].corrupted_rate > last.corrupted_rate, last.corrupted_positives, without.history[1].corrupted_rate,
        batch.corrupted_rate > 0, run.epochs[1].corrupted_rate == by_pairs.history[2].corrupted_rate
      """)
    #expect(values == [true, true, true, .nil, .nil, true, true])
  }

  @Test func theRateOfGivenScores() throws {
    let values = try run(
      """
      local positive, negative = perigee.tensor { 1, 0 }, perigee.tensor { { 0.5, 2 }, { 0, 1 } }
      local pairs = perigee.losses.corrupted_rate { positive = positive, negative = negative }
      local rate, positives, negatives = perigee.losses.corrupted_rate {
        positive = positive, negative = negative, boundary = perigee.tensor { 1, 0.5 } }
      local t = trainer { corrupted = "boundary" }
      local scores = t:next_batch():forward()
      local plain = trainer { model = perigee.models.mf { data = split, dim = 4, score = "dot" }, loss = perigee.losses.bpr {} }
      return pairs, rate, positives, negatives, (perigee.losses.corrupted_rate {
        positive = scores.positive, negative = scores.negative, boundary = scores.boundary }) == t:step().corrupted_rate,
        plain:next_batch():forward().boundary
      """)
    #expect(values == [0.5, 0.5, 0.5, 0.5, true, .nil])
    #expect(
      message("perigee.losses.corrupted_rate { positive = perigee.ones { 2 }, negative = perigee.ones { 3, 1 } }")
        .contains("positive has shape [2], negative [3, 1]; want [B], [B, N] and [B]"))
    #expect(
      message("trainer { corrupted = 'boundary', model = perigee.models.mf { data = split, score = 'dot' } }").contains(
        "model 'mf' has no boundary; make it with boundary = \"linear\", or say corrupted = \"pairs\""))
  }

  @Test func positivesWithReplacement() throws {
    let values = try run(
      """
      local t = trainer { replacement = true }
      local wanted = split.train_count // 32 + 1
      for batch in t:batches() do
        if #batch.users ~= 32 then error "a batch is not whole" end
        batch:step()
      end
      return t.batches_per_epoch == wanted, t.steps == wanted
      """)
    #expect(values == [true, true])
    #expect(
      message("trainer { replacement = true, shuffle = false }").contains(
        "draws a new order in each epoch, and shuffle = false keeps one"))
  }

  @Test func dropoutOfBothSides() throws {
    let values = try run(
      """
      local model = perigee.models.mf { data = split, dim = 8, score = "dot", boundary = "linear", init = { std = 0.3 }, dropout = 0.2,
        dropout_on = "lookups" }
      local t = trainer { model = model }
      local first = t:epoch().loss
      for _ = 1, 10 do t:epoch() end
      return t:epoch().loss < first
      """)
    #expect(values == [true])
    #expect(
      message("perigee.models.mf { data = split, dropout_on = 'lookups' }").contains(
        "lookups goes with score = \"dot\", not 'cosine'"))
    #expect(message("perigee.models.simplex { data = split, dropout_on = 'lookups' }").contains("dropout_on"))
  }

  @Test func usersWithTooFewInteractions() throws {
    let values = try run(
      """
      local data = split.dataset
      local split = data:split { kind = "leave_one_out", too_few = "drop" }
      return split.dropped_users, split.rule, (data:split { kind = "leave_one_out", too_few = "error" }).dropped_users
      """)
    #expect(values[0] == 0 && values[2] == 0)
    #expect(values[1] == "leave_one_out(by = random, valid = true, seed = 0, too_few = drop)")
    #expect(
      message("split.dataset:split { kind = 'ratio', too_few = 'drop' }").contains(
        "means nothing with kind = \"ratio\""))
  }

  /// A graph in which some users and items have no edges trains and decides as any other.
  @Test func aGraphWithIsolatedNodes() throws {
    let values = try run(
      """
      local users, items = split.dataset:users(), split.dataset:items()
      local model = perigee.models.lightgcn { data = split, dim = 8, layers = 2, boundary = "linear" }
      local t = trainer { model = model }
      for _ = 1, 5 do t:epoch() end
      local quality = perigee.evaluate_boundary(model, split)
      local isolated = 0
      for _, user in ipairs(users) do
        if #split:items_of(user) == 0 then
          isolated = isolated + 1
          local b = model:boundary(user)
          if b ~= b or model:interested(user, items[1]) == nil then error "no decision for a user without edges" end
        end
      end
      return isolated, quality.users, quality[1].predicted >= 0
      """, split: isolatedSplit())
    #expect(values[0] == 1 && values[1] == 41 && values[2] == true)
  }

  /// The small split, with one more user and one more item whose only interaction is for test.
  private func isolatedSplit() -> Split {
    let small = smallSplit()
    func part(_ matrix: InteractionMatrix, _ more: [(Int32, Int32)]) -> InteractionMatrix {
      let pairs = (0..<40).flatMap { user in matrix.items(of: user).map { (Int32(user), $0) } } + more
      return InteractionMatrix(userCount: 41, itemCount: 31, users: pairs.map(\.0), items: pairs.map(\.1))
    }
    let test = part(small.test, [(40, 30)])
    let all = part(small.dataset.interactions, [(40, 30)])
    let pairs = (0..<41).flatMap { user in all.items(of: user).map { (Int32(user), $0) } }
    let dataset = Dataset(
      name: "isolated", userCount: 41, itemCount: 31, users: pairs.map(\.0), items: pairs.map(\.1))
    return Split(dataset: dataset, train: part(small.train, []), valid: nil, test: test, rule: "isolated")
  }
}
