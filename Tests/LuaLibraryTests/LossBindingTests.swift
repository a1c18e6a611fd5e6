import Foundation
import LuaHost
import LuaLibrary
import Testing

/// `perigee.losses` as scripts see it.
@Suite struct LossBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local losses = perigee.losses
    local function train(loss, options, epochs)
      options = options or {}
      local model = perigee.models.mf { data = split, dim = 8, score = options.score or "dot", boundary = options.boundary,
        init = { std = 0.1 }, seed = 1 }
      local trainer = perigee.trainer { model = model, loss = loss, batch = 32, seed = 1,
        sampler = options.sampler or perigee.samplers.uniform { count = options.count or 5 },
        optimizer = perigee.optimizers.adam { rate = 0.02 } }
      local first = trainer:epoch().loss
      for _ = 2, epochs or 12 do trainer:epoch() end
      return first, trainer:epoch().loss
    end

    """

  /// Each loss with a model and settings that it can be trained with.
  static let calls = [
    "bpr {}", "hinge { margin = 0.5 }", "weighted_bpr { weights = function(batch) return 1 end }", "bce {}", "mse {}",
    "triplet { distance = 'root' }, { score = 'euclidean' }", "contrastive {}, { score = 'euclidean' }",
    "contrastive { distance = 'cosine', form = 'linear' }, { score = 'cosine' }", "softmax {}",
    "infonce { temperature = 0.3 }, { score = 'cosine' }", "sampled_softmax { correction = 'none' }",
    "bsl { mode = 'paper', temperature = 0.2, positive_temperature = 0.3 }, { score = 'cosine' }",
    "ccl { margin = 0.5 }, { score = 'cosine' }",
    "mml { margins = { 0.3, 0.5 }, weights = { 0.4, 0.6 }, negative_weight = 10 }, { score = 'cosine' }",
    "uib { alpha = 0.5 }, { boundary = 'linear' }",
    "uib { alpha = 0.5, form = 'margin', released_weights = true }, { boundary = 'user', count = 1 }",
    "sml { margin_weight = 4 }, { score = 'euclidean', count = 1 }",
    "sml_uib { margin_weight = 4, alpha = 0.2 }, { score = 'euclidean', boundary = 'linear_bias', count = 1 }",
    "pris {}", "pris { gradient_through_weights = false, temperature = 2 }", "self_adversarial {}", "warp {}",
    "warp { weight = 'harmonic' }", "cml {}, { score = 'euclidean' }", "tce { drop_rate = 0.02, gradual_steps = 5 }",
    "rce {}", "tce_bpr { drop_rate = 0.1, gradual_steps = 0 }", "rce_bpr { beta = 0.3 }",
  ]

  @Test(arguments: calls) func everyLossTrains(_ call: String) throws {
    let values = try run("return train(losses.\(call))")
    let (first, last) = (try #require(values[0].asNumber), try #require(values[1].asNumber))
    #expect(last < first)
  }

  @Test func everyLossOfTheModuleIsTrainedAbove() throws {
    let values = try run(
      "local names = {} for name in pairs(losses) do names[#names + 1] = name end return table.concat(names, ' ')")
    let names = values[0].asString!.split(separator: " ").map(String.init)
    let others = ["cluster_kl", "cluster_assignments", "evaluate", "measure", "traced", "corrupted_rate"]
    let trained = Self.calls.map { String($0.prefix { $0 != " " }) }
    #expect(Set(names).subtracting(others) == Set(trained))
  }

  @Test(arguments: calls) func everyLossShowsItself(_ call: String) throws {
    let name = call.prefix { $0 != " " }
    let text = try run("return (tostring(losses.\(call)))")[0].asString
    #expect(text?.hasPrefix("losses.\(name)(") == true)
  }

  @Test func aScheduleMayBeAFunctionAndMayBeAssigned() throws {
    let values = try run(
      """
      local loss = losses.uib { alpha = function(epoch) return epoch end }
      local is_function = type(loss.alpha)
      loss.alpha = 0.5
      return is_function, loss.alpha, losses.pris {}.temperature, losses.tce {}.drop_rate
      """)
    #expect(values == ["function", 0.5, 1, 0.2])
  }

  @Test func learnedMarginsCanBeRead() throws {
    let values = try run(
      """
      local loss = losses.sml { margin_weight = 4 }
      local before = loss.user_margins
      train(loss, { score = "euclidean", count = 1 })
      local users, items = loss.user_margins:tensor(), loss.item_margins:tensor()
      return before == nil, users.shape[1], items.shape[1], items:min():item() < 1, items:max():item() <= 1
      """)
    #expect(values == [true, 40, 30, true, true])
  }

  @Test func learnedMarginsCanBeSetAndKeptWithTheModel() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let values = try run(
      """
      local function make(margins)
        local loss = losses.sml { data = split, margin_weight = 0 }
        if margins then loss.user_margins:assign(margins) loss.item_margins:assign(margins / 2) end
        return loss, perigee.models.mf { data = split, dim = 8, score = "euclidean", init = { std = 0.1 } }
      end
      local function value(loss)
        return (losses.evaluate(loss, { positive = perigee.zeros { 1 } - 1, negative = perigee.zeros { 1, 1 } - 1,
          item_scores = perigee.zeros { 1, 1 } - 1, users = { 1 }, positive_items = { 1 }, negative_items = { 2 }, data = split }))
      end
      local loss, model = make(0.5)
      local set = value(loss)
      model:save("\(path)", { also = { loss.user_margins, loss.item_margins } })
      local other, again = make()
      local fresh = value(other)
      again:load("\(path)", { also = { other.user_margins, other.item_margins } })
      local without = make()
      return set, fresh, value(other), pcall(again.load, again, "\(path)"), value(without)
      """)
    // [m]+ + 0.3 [n]+
    let numbers = [values[0], values[1], values[2], values[4]].map { $0.asNumber! }
    for (number, wanted) in zip(numbers, [0.575, 1.3, 0.575, 1.3]) { #expect(abs(number - wanted) < 1e-6) }
    #expect(values[3] == true)
    #expect(
      message(
        """
        local model = perigee.models.mf { data = split, dim = 8 }
        model:save "\(path)"
        model:load("\(path)", { also = { losses.sml { data = split }.user_margins } })
        """
      ).contains("nothing was kept with the model, and user_margin [40, 1] is wanted"))
  }

  @Test(arguments: ["cosine", "dot"]) func symmetricMetricLearningWantsDistances(_ score: String) {
    #expect(
      message("train(losses.sml {}, { score = \"\(score)\", count = 1 })").contains(
        "loss 'sml' compares squared distances, and the model's score is '\(score)'; make it with score = \"euclidean\""
      ))
  }

  // MARK: Weights

  @Test func weightsSeeTheTripletsOfTheBatch() throws {
    let values = try run(
      """
      local seen
      train(losses.weighted_bpr { weights = function(batch) seen = seen or batch return perigee.ones { 32 }
        end }, { count = 3 }, 0)
      return seen.epoch, seen.step, seen.users.shape[1], seen.positives.shape[1], seen.negatives.shape[1],
        seen.negatives.shape[2], seen.users:min():item() >= 1, seen.negatives:max():item() <= 30
      """.replacing("perigee.ones { 32 }", with: "perigee.ones { #batch.users }"))
    #expect(values == [1, 1, 32, 32, 32, 3, true, true])
  }

  @Test func weightsScaleTheLoss() throws {
    let values = try run(
      """
      local one = train(losses.weighted_bpr { weights = function() return 0 end }, {}, 0)
      local plain = train(losses.bpr {}, { count = 2 }, 0)
      local mean = train(losses.weighted_bpr { weights = function(batch) return perigee.ones { #batch.users, 2 } end,
        reduction = "mean" }, { count = 2 }, 0)
      return one, plain, mean
      """)
    #expect(values[0] == 0)
    #expect(abs(values[1].asNumber! - values[2].asNumber!) < 1e-6)
  }

  @Test func weightsThatDoNotFitAreRefused() {
    #expect(
      message(
        "losses.evaluate(losses.weighted_bpr { weights = function() return perigee.ones { 7 } end }, "
          + "{ positive = perigee.zeros { 1 }, negative = perigee.zeros { 1, 3 } })"
      ).contains(
        "7 weights for 1 positives of 3 negatives each; want 1 or 3"))
    #expect(
      message("train(losses.weighted_bpr { weights = function() return perigee.ones { 7 } end })").contains(
        "weighted_bpr: 7 weights for 32 positives of 5 negatives each; want 1, 32 or 160"))
    #expect(
      message("train(losses.weighted_bpr { weights = function() return 'one' end })").contains(
        "weights: want a tensor or a number, got string"))
    #expect(
      message("train(losses.weighted_bpr { weights = function() error('no trust') end })").contains(
        "t.lua:14: no trust"))
  }

  // MARK: Refusals

  @Test func aLossThatTheModelCannotServeSaysWhatIsMissing() {
    #expect(message("train(losses.uib {})").contains("reads the users' boundary, and the model has none"))
    // Uniform negatives are all as likely, so that the loss works at its defaults.
    #expect(message("train(losses.sampled_softmax {})") == "no error")
    #expect(
      message(
        "train(losses.sampled_softmax {}, { sampler = perigee.samplers.dynamic { candidates = 9, count = 2 } })"
      ).contains("the sampler does not say how likely its negatives are"))
    #expect(
      message("losses.uib { released_weights = true, alpha = 8 }").contains(
        "alpha: want 0 to 1 with released_weights, got 8.0"))
    #expect(message("losses.tce { drop_rate = 1 }").contains("drop_rate"))
    #expect(message("losses.pris { gradient = true }").contains("unknown option 'gradient'"))
  }

  // MARK: Clusters

  @Test func clusterDivergenceGivesItsGradients() throws {
    let values = try run(
      """
      local items = perigee.tensor { { 0, 0 }, { 1, 0 }, { 4, 4 }, { 5, 4 } }
      local centers = perigee.tensor { { 0, 0.5 }, { 4, 5 } }
      local value, at_items, at_centers = losses.cluster_kl(items, centers, { tau = 1 })
      local step = 1e-2
      local up = losses.cluster_kl(items + perigee.tensor { { step, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } }, centers,
        { through_target = true })
      local down = losses.cluster_kl(items - perigee.tensor { { step, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } }, centers,
        { through_target = true })
      local _, through = losses.cluster_kl(items, centers, { through_target = true })
      local assignments, target = losses.cluster_assignments(items, centers)
      local fixed = losses.cluster_kl(items, centers, { target = target })
      return value > 0, at_items.shape[1], at_centers.shape[1], math.abs((up - down) / (2 * step) - through[{ 1, 1 }]) < 1e-4,
        assignments:sum(2)[1], math.abs(fixed - value) < 1e-12
      """)
    #expect(values[0] == true && values[1] == 4 && values[2] == 2 && values[3] == true && values[5] == true)
    #expect(abs(values[4].asNumber! - 1) < 1e-6)
    #expect(
      message("losses.cluster_kl(perigee.ones { 3, 2 }, perigee.ones { 2, 4 })").contains(
        "want centers of shape [K, 2]"))
  }
}
