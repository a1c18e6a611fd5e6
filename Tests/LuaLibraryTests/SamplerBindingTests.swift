import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

@Suite struct SamplerBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local samplers = perigee.samplers
    local model = perigee.models.mf { data = split, dim = 8, seed = 1 }
    local function trainer(sampler, options)
      local t = { model = model, loss = perigee.losses.softmax {}, sampler = sampler,
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1 }
      for key, value in pairs(options or {}) do t[key] = value end
      return perigee.trainer(t)
    end
    local function custom(sample, options)
      local t = { data = split, count = 3, sample = sample }
      for key, value in pairs(options or {}) do t[key] = value end
      return samplers.custom(t)
    end

    """

  @Test(
    arguments: [
      "popularity { count = 4, exponent = 0.75, transform = 'logarithm', exclude_positives = true }", "in_batch {}",
      "in_batch { count = 3, exclude_positives = true }", "dynamic { candidates = 10, count = 2 }",
      "dynamic { candidates = function(epoch) return 12 - 2 * epoch end }", "warp { max_trials = 9, margin = 0.4 }",
      "mixture { count = 4, samplers = { samplers.uniform {}, samplers.dynamic {} }, shares = { 3, 1 } }",
      "fixed { data = split, tensor = perigee.ones { 40, 2 }, count = 2 }",
    ])
  func everySamplerTrains(_ make: String) throws {
    let values = try run(
      """
      local sampler = samplers.\(make)
      local t = trainer(sampler)
      local first = t:epoch().loss
      for _ = 1, 3 do t:epoch() end
      return first, t:epoch().loss, tostring(sampler), t.sampler == sampler
      """)
    #expect(values[0].asNumber!.isFinite && values[1].asNumber! < values[0].asNumber!)
    #expect(values[2].asString!.hasPrefix("samplers.\(make.prefix { $0 != " " })("))
    #expect(values[3] == true)
  }

  @Test(
    arguments: [
      "cluster { count = 3, clusters = 5 }",
      "cluster { count = 3, clusters = 5, members = 'popularity', recluster = 4, iterations = 3, exponent = 0.75, transform = 'count' }",
      "cluster { count = 2, clusters = 30, exclude_positives = false }", "exact { count = 3 }",
      "adaptive { count = 2, lambda = 6, deviation = 'variance', refresh = 100 }", "adaptive {}",
      "mixture { count = 4, samplers = { samplers.uniform {}, samplers.cluster { clusters = 4 } } }",
    ])
  func samplersOfRowsTrain(_ make: String) throws {
    let values = try run(
      """
      model = perigee.models.mf { data = split, dim = 8, score = "dot", init = { std = 0.1 }, seed = 1 }
      local sampler = samplers.\(make)
      local t = trainer(sampler, { loss = perigee.losses.bpr {} })
      local cost = t:measure_sampler { repeats = 2 }
      assert(cost.first > 0 and cost.refresh > 0 and cost.draw > 0 and cost.negatives == 32 * sampler.count)
      assert(t.steps == 0)
      local first = t:epoch().loss
      for _ = 1, 3 do t:epoch() end
      return first, t:epoch().loss, tostring(sampler), t.sampler == sampler
      """)
    #expect(values[0].asNumber!.isFinite && values[1].asNumber! < values[0].asNumber!)
    #expect(values[2].asString!.hasPrefix("samplers.\(make.prefix { $0 != " " })("))
    #expect(values[3] == true)
  }

  @Test func aSamplerTellsHowOftenItDrew() throws {
    let values = try run(
      """
      model = perigee.models.mf { data = split, dim = 8, score = "dot", init = { std = 0.1 }, seed = 1 }
      local numbers = {}
      for _, sampler in ipairs {
        samplers.uniform { count = 5, exclude_positives = true }, samplers.popularity { count = 5, exclude_positives = true },
        samplers.cluster { count = 5, clusters = 3 }, samplers.adaptive { count = 5 }, samplers.uniform { count = 5 },
      } do
        local t = trainer(sampler)
        t:epoch()
        numbers[#numbers + 1] = sampler.drawn / sampler.kept
        assert(sampler.kept % 5 == 0 and sampler.kept > 0)
      end
      return table.unpack(numbers)
      """)
    #expect(values.prefix(4).allSatisfy { (1.02...4).contains($0.asNumber!) } && values[4] == 1)
  }

  @Test(
    arguments: [
      ("samplers.cluster { recluster = 'never' }", "recluster: want \"epoch\" or an integer from 1"),
      ("samplers.cluster { clusters = 0 }", "clusters: want an integer from 1"),
      ("samplers.cluster { members = 'all' }", "members: want \"uniform\" or \"popularity\""),
      ("samplers.adaptive { lambda = 0 }", "lambda: want a number above 0"),
      ("trainer(samplers.exact {}):step()", "make the model with score = \"dot\""),
      (
        "local m = perigee.models.mf { data = split, dim = 8, score = 'dot' } "
          + "trainer(samplers.cluster { clusters = 31 }, { model = m }):step()", "31 clusters of 30 items"
      ),
    ])
  func samplersOfRowsSayWhatIsWrong(_ script: String, _ wanted: String) {
    let text = message(script)
    #expect(text.contains(wanted) && text.contains("t.lua:\(firstLine): "), "\(text)")
  }

  @Test func sampledSoftmaxWorksAtItsDefaults() throws {
    let values = try run(
      """
      local losses = {}
      for _, sampler in ipairs { samplers.uniform { count = 5 }, samplers.popularity { count = 5 }, samplers.in_batch {} } do
        losses[#losses + 1] = trainer(sampler, { loss = perigee.losses.sampled_softmax {} }):epoch().loss
      end
      return table.unpack(losses)
      """)
    #expect(values.count == 3 && values.allSatisfy { $0.asNumber!.isFinite })
  }

  @Test func aSamplerCanBeAssignedBetweenBatches() throws {
    let values = try run(
      """
      local seen = {}
      local t = trainer(samplers.uniform { count = 2 }, { loss = function(s)
        seen[#seen + 1] = s.negative_count
        return (s.negative - s.positive):softplus():mean()
      end })
      for batch in t:batches() do
        batch:step()
        t.sampler = batch.number == 1 and samplers.popularity { count = 5 } or samplers.uniform { count = 1 }
        if batch.number == 3 then break end
      end
      collectgarbage()
      t:step()
      return seen[1], seen[2], seen[3], seen[4], tostring(t.sampler)
      """)
    #expect(values.prefix(4) == [2, 5, 1, 1])
    #expect(values[4].asString == "samplers.uniform(count = 1, exclude_positives = false)")
    #expect(message("trainer(samplers.uniform {}).sampler = 3").contains("sampler: want a sampler"))
  }

  // MARK: Lists

  @Test func listsByNameByFileAndByPositionAreTheSame() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("lists-\(UUID()).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    let lines = (0..<40).map { "\($0) \($0 % 30) \(($0 + 5) % 30)" }
    try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
    let values = try run(
      """
      local named, rows = {}, {}
      for user = 0, 39 do
        named[tostring(user)] = { user % 30, tostring((user + 5) % 30) }
        rows[user + 1] = { user % 30 + 1, (user + 5) % 30 + 1 }
      end
      local losses = {}
      for _, given in ipairs { { negatives = named }, { file = "\(file.path)" }, { tensor = perigee.tensor(rows) } } do
        given.data, given.count = split, 2
        model = perigee.models.mf { data = split, dim = 8, seed = 1 }
        losses[#losses + 1] = trainer(samplers.fixed(given)):epoch().loss
      end
      return losses[1] == losses[2] and losses[2] == losses[3], losses[1]
      """)
    #expect(values[0] == true && values[1].asNumber!.isFinite)
  }

  @Test(
    arguments: [
      ("{ data = split }", "got none of negatives, file and tensor; want one of them"),
      ("{ data = split, negatives = { ['7'] = { 99 } } }", "no item '99'"),
      ("{ data = split, negatives = { x = { 1 } } }", "no user 'x'"),
      ("{ data = split, tensor = perigee.ones { 39, 2 } }", "39 lists for 40 users"),
      (
        "{ data = split, tensor = perigee.zeros { 40, 2 } }",
        "0 in row 1 is the position of no item; want a whole number from 1 to 30"
      ),
      ("{ data = split, tensor = perigee.ones { 40 } }", "want [users, K] or [pairs, K]"),
      ("{ data = split, negatives = {}, per = 'pair' }", "lists by pair are given as a tensor"),
      ("{ data = split, file = '/nowhere' }", "/nowhere"),
    ])
  func listsThatCannotBeAreRefused(_ options: String, _ wanted: String) {
    let text = message("samplers.fixed \(options)")
    #expect(text.contains(wanted) && text.contains("t.lua:\(firstLine): "), "\(text)")
  }

  @Test func usersWithoutAListAreLeftOut() throws {
    let values = try run(
      """
      local named = {}
      for user = 1, 39 do named[tostring(user)] = { 1, 2 } end
      local t = trainer(samplers.fixed { data = split, negatives = named, count = 2 })
      return #t.left_out_users, t.left_out_users[1], t:epoch().loss
      """)
    #expect(values[0] == 1 && values[1].asString == "0" && values[2].asNumber!.isFinite)
  }

  // MARK: In Lua

  @Test func aSamplerInLuaSeesTheBatchAndGivesItsNegatives() throws {
    let values = try run(
      """
      local calls = 0
      local sampler = custom(function(s)
        calls = calls + 1
        assert(#s.users == #s.positives and s.count == 3 and s.epoch == 1 and s.step == calls and s.number == calls)
        local items = s.stream:integers({ #s.users, s.count }, split.item_count)
        return items, perigee.zeros { #s.users, s.count }, perigee.zeros { #s.users }
      end, { log_proposal = "both" })
      local seen
      local t = trainer(sampler, { loss = function(s)
        seen = s.log_proposal ~= nil and s.positive_log_proposal ~= nil
        return (s.negative - s.log_proposal - s.positive + s.positive_log_proposal):softplus():mean()
      end })
      t:epoch()
      return calls == t.batches_per_epoch, seen, sampler.positives_drawn
      """)
    #expect(values[0] == true && values[1] == true)
    // A third of the items are the user's.
    #expect(values[2].asInteger! > 100)
  }

  @Test func theSameSeedGivesTheSameNumbers() throws {
    let values = try run(
      """
      local function run(seed)
        local numbers = {}
        model = perigee.models.mf { data = split, dim = 8, seed = 1 }
        local t = trainer(custom(function(s)
          local x = s.stream:uniform { #s.users, 3 }
          numbers[#numbers + 1] = x:sum():item()
          return (x * 30):floor() + 1
        end), { seed = seed })
        t:epoch()
        return t.history[1].loss, numbers
      end
      local a, first = run(1)
      local b, again = run(1)
      local c = run(2)
      return a == b, a ~= c, first[1] == again[1], first[1] ~= first[2]
      """)
    #expect(values == [true, true, true, true])
  }

  @Test(arguments: ["dot", "cosine", "euclidean", "function"])
  func aSamplerInLuaAsksForScoresAsTheyStand(_ score: String) throws {
    let scored = score == "function" ? "function(u, i) return (u * i):sum(3) end" : "'\(score)'"
    let values = try run(
      """
      local init = { std = 0.3 }
      model = perigee.model { data = split, score = \(scored), parameters = {
        user = perigee.parameter { name = "user", per = "user", data = split, dim = 6, init = init, seed = 1 },
        item = perigee.parameter { name = "item", per = "item", data = split, dim = 6, init = init, seed = 2 },
      }, encode = function(users, items, p) return p.user[users] * 1, p.item[items] * 1 end }
      local largest, names, items = 0, split.dataset:users(), split.dataset:items()
      local t = trainer(custom(function(s)
        local candidates = s.stream:integers({ #s.users, 5 }, 30)
        local scores = s:scores(candidates)
        local user = s.users:names()[1]
        for place = 1, 5 do
          local item = items[candidates:gather { 1 }:reshape { 5 }:totable()[place]]
          largest = math.max(largest, math.abs(model:score(user, item) - scores:gather { 1 }:reshape { 5 }:totable()[place]))
        end
        return perigee.ones { #s.users, 3 }
      end))
      t:step() t:step() t:step()
      for _, sampler in ipairs { samplers.dynamic {}, samplers.warp { max_trials = 5 } } do
        t.sampler = sampler
        t:step()
      end
      return largest, t.steps
      """)
    #expect(values[0].asNumber! < 1e-5 && values[1] == 5)
  }

  @Test(
    arguments: [
      (
        "return perigee.ones { #s.users, 2 }",
        "the items have shape [32, 2]; want [32, 3], 3 negatives for each of 32 positives"
      ),
      (
        "return perigee.ones { #s.users, 3 } * 31",
        "31 in row 1 is the position of no item; want a whole number from 1 to 30"
      ),
      ("return perigee.zeros { #s.users, 3 }", "0 in row 1 is the position of no item"),
      ("return perigee.ones { #s.users, 3 } * 1.5", "1.5 in row 1 is the position of no item"),
      ("return nil", "it returned nothing for the items; want a tensor or a table"),
      ("return 7", "it returned a number for the items"),
      ("return { { 1, 2 }, { 3 } }", "the items[2]: has 1 entries"),
      ("return perigee.ones { #s.users, 3 }, perigee.ones { #s.users, 3 }", "it returned 2 values; want 1"),
      ("error 'oh no'", "oh no"),
      ("return s:scores(perigee.ones { 3, 3 })", "items: got shape [3, 3]; want [32, C]"),
    ])
  func whatNoBatchCanUseIsRefused(_ body: String, _ wanted: String) {
    let text = message("local t = trainer(custom(function(s) \(body) end)) t:step()")
    #expect(text.contains(wanted) && text.contains("epoch 1, batch 1"), "\(text)")
  }

  @Test(
    arguments: [
      ("nil", "it returned nothing for ln q"), ("perigee.ones { 3 }", "ln q has shape [3]; want [32, 3]"),
      ("perigee.ones { #s.users, 3 } / 0", "ln q holds inf; want finite numbers"),
      ("perigee.ones { #s.users, 3 }", "it returned nothing for ln q of the positives"),
    ])
  func proposalsThatDoNotFitAreRefused(_ proposal: String, _ wanted: String) {
    let text = message(
      """
      local t = trainer(custom(function(s) return perigee.ones { #s.users, 3 }, \(proposal) end, { log_proposal = "both" }))
      t:step()
      """)
    #expect(text.contains(wanted), "\(text)")
  }

  @Test func proposalsOfNegativesAloneDoNotCorrectPositives() {
    let text = message(
      """
      local t = trainer(custom(function(s) return perigee.ones { #s.users, 3 }, perigee.zeros { #s.users, 3 } end,
        { log_proposal = "negatives" }), { loss = perigee.losses.sampled_softmax {} })
      t:step()
      """)
    #expect(text.contains("the sampler does not say how likely"), "\(text)")
  }

  /// Nothing moves when a sampler fails, and the trainer goes on.
  @Test func aTrainerOutlivesAnErrorOfItsSampler() throws {
    let values = try run(
      """
      local fail = true
      local t = trainer(custom(function(s)
        if fail then error "not now" end
        return perigee.ones { #s.users, 3 }
      end))
      local before = model:score("3", "4")
      local ok = pcall(t.step, t)
      local same = model:score("3", "4") == before and t.steps == 0
      fail = false
      t:step()
      return ok, same, t.steps
      """)
    #expect(values == [false, true, 1])
  }

  @Test func callsFromWithinACallAreKeptApart() throws {
    let values = try run(
      """
      local other = perigee.models.mf { data = split, dim = 4, seed = 2 }
      local inner, kept
      local sampler
      sampler = custom(function(s)
        kept = s
        inner = trainer(samplers.uniform {}, { model = other, loss = perigee.losses.bpr {} })
        inner:step()
        local same, text = pcall(function() trainer(sampler, { model = other }):step() end)
        assert(not same and text:find "is in the middle of a batch", text)
        return perigee.ones { #s.users, 3 }
      end)
      local t = trainer(sampler)
      t:step()
      local ok, text = pcall(function() return kept.users end)
      return inner.steps, ok, text, t.steps
      """)
    #expect(values[0] == 1 && values[1] == false && values[3] == 1)
    #expect(values[2].asString?.contains("this batch is over; a sampler is called again for every batch") == true)
  }

  @Test func warpReadsTheTrialsOfItsSampler() throws {
    let values = try run(
      """
      local loss = perigee.losses.warp {}
      -- No margin at all: nothing violates, so nothing is lost and nothing moves.
      local t = trainer(samplers.warp { margin = -1e6 }, { loss = loss, optimizer = perigee.optimizers.adagrad { rate = 0.1 } })
      local before = model:score("3", "4")
      local idle = t:epoch().loss
      local still = model:score("3", "4") == before
      t.sampler = samplers.warp { margin = 1e6 }
      -- The first draw of each row violates: (items - 1) / 1 trials, and few that the user knows.
      return idle, still, t:epoch().loss
      """)
    #expect(values[0] == 0 && values[1] == true && values[2].asNumber! > 1)
  }
}
