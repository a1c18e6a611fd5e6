import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Testing

/// The options of `perigee.evaluate`, and of a run's `evaluate`.
@Suite struct EvaluationBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local model = perigee.models.mf { data = split, dim = 8, score = "dot", init = { std = 0.5 }, seed = 3 }
    local function evaluate(options) return perigee.evaluate(model, split, options) end
    local function trainer()
      return perigee.trainer { model = model, loss = perigee.losses.bpr {}, batch = 32, seed = 1,
        sampler = perigee.samplers.uniform { count = 2 }, optimizer = perigee.optimizers.adam { rate = 0.01 } }
    end

    """

  // MARK: What is recommended

  @Test func whatIsRecommendedStandsBesideWhatIsRight() throws {
    let values = try run(
      """
      local result = evaluate { metrics = { "recall@3", "novelty@3", "popularity@3", "tail@3", "diversity@3", "coverage@3", "gini@3" },
        groups = "activity", item_groups = "popularity", per_user = true }
      local users, pairs_seen = 0, 0
      for quarter = 1, 4 do users = users + result.groups[quarter].users end
      for _, group in pairs(result.item_groups) do pairs_seen = pairs_seen + group.pairs end
      assert(result.per_user["coverage@3"] == nil and #result.per_user["novelty@3"] == result.users)
      assert(result.item_groups[4]["recall@3"] and result.item_groups[4]["novelty@3"] == nil)
      local own = evaluate { item_groups = function(item) return "all" end, metrics = "recall@3" }
      assert(tostring(own):find("items all: recall@3", 1, true), tostring(own))
      return result["novelty@3"] > 0, result["popularity@3"] >= 0, result["coverage@3"] <= 1, result["gini@3"] < 1,
        users == result.users, pairs_seen == split.test_count,
        math.abs(own.item_groups.all["recall@3"] - own["recall@3"]) < 1e-12
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true, true, true])
    #expect(message("evaluate { groups = 'age' }").contains("activity"))
    #expect(message("evaluate { item_groups = function() return {} end }").contains("item '"))
    #expect(message("evaluate { metrics = { novelty = function() return 1 end } }").contains("means something else"))
  }

  // MARK: Candidates

  @Test func drawnCandidatesAreThoseOfTheSeedForEveryModel() throws {
    let values = try run(
      """
      local draw = { candidates = { count = 5, seed = 4 }, metrics = "mrr@6" }
      local function make(score)
        local p = {}
        for _, name in ipairs { "user", "item" } do
          p[name] = perigee.parameter { name = name, per = name, data = split, dim = 4, init = { std = 0.5 }, seed = 9 }
        end
        return perigee.model { data = split, score = score, parameters = p,
          encode = function(users, items, p) return p.user[users], p.item[items] end }
      end
      local native, scored = make "dot", make(function(users, items) return (users * items):sum(-1) end)
      local first, other = evaluate(draw), evaluate { candidates = { count = 5, seed = 5 }, metrics = "mrr@6" }
      return first["mrr@6"], evaluate(draw)["mrr@6"], perigee.evaluate(native, split, draw)["mrr@6"],
        perigee.evaluate(scored, split, draw)["mrr@6"], other["mrr@6"], first.candidates.count, first.users,
        first.candidates.positives, evaluate { candidates = { count = 5 }, metrics = "mrr@6" }["mrr@6"],
        evaluate { candidates = { seed = 0, count = 5.0 }, metrics = "mrr@6" }["mrr@6"], tostring(first)
      """)
    #expect(values[0] == values[1] && values[2] == values[3] && values[0] != values[4])
    #expect(values[5].asInteger == 5 * values[6].asInteger! && values[7] == 0 && values[8] == values[9])
    #expect(values[10].asString?.hasSuffix("(40 users, 200 candidates)") == true)
  }

  @Test func listsComeFromATableOrAFile() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString).txt").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "3 1 2 29\n(7,12) 4 5\n".write(toFile: path, atomically: true, encoding: .utf8)
    let values = try run(
      """
      local metrics = { "mrr@3", "auc" }
      local table = evaluate { candidates = { ["3"] = { "1", 2, "29" }, [7] = { 4, 5 } }, metrics = metrics, per_user = true }
      local file = evaluate { candidates = "\(path)", metrics = metrics }
      return table.users, table["mrr@3"] == file["mrr@3"], table.auc == file.auc, table.per_user.user[2], table.candidates.users_without
      """)
    #expect(values == [2, true, true, "7", 38])
  }

  @Test func givenListsAreThoseOfTheSplit() throws {
    let small = smallSplit()
    let lists = (0..<40).map { user in small.test.items(of: user) + [0, 1, 2] }
    let split = Split(
      dataset: small.dataset, train: small.train, valid: nil, test: small.test, rule: "given",
      candidates: CandidateLists(
        rowOffsets: lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }, items: Array(lists.joined())))
    let values = try run(
      """
      local r = evaluate { candidates = "given", metrics = "ndcg@5" }
      local each = evaluate { candidates = "given", metrics = "ndcg@5", repeats = "each", ties = "against" }
      local clean = evaluate { candidates = "given", metrics = "ndcg@5", mask = "train" }
      return r.candidates.positives > 0, each["ndcg@5"] < r["ndcg@5"], clean.candidates.positives < r.candidates.positives
      """, split: split)
    #expect(values == [true, true, true])
    #expect(message("evaluate { candidates = \"given\" }").contains("the split has no candidates of its own"))
  }

  @Test(arguments: [
    ("{ cuont = 5 }", "candidates: unknown option 'cuont', did you mean 'count'?"),
    ("{ count = 0 }", "candidates: count: want an integer of at least 1, got number"),
    ("{ seed = 1 }", "candidates: count: want an integer of at least 1, got nothing"),
    ("{ count = 2, seed = -1 }", "candidates: seed: want an integer of at least 0"),
    ("{ count = 2, [3] = { 1 } }", "got both in one table"),
    (
      "{ 5, 6 }",
      "candidates: want { count = 100, seed = 1 } or a list of items for each user, got a number for one of them"
    ),
    ("{ [99] = { 1 } }", "candidates: no user '99' in small"),
    ("{ [3] = { 1, 30 } }", "candidates of user '3': no item '30' in small"),
    ("{ [3] = { true } }", "candidates of user '3': want the identifier of an item, got a boolean"),
    ("{ [3] = { 1 }, ['3'] = { 2 } }", "user '3' has two lists"),
    ("{ [3] = {} }", "none of the 40 users to evaluate has a candidate"),
    ("{}", "none of the 40 users to evaluate has a candidate"),
    ("'gven'", "did you mean \"given\"?"),
    ("'/nowhere/at/all'", "candidates: /nowhere/at/all: cannot be opened"),
    ("7", "candidates: want a string or a table, got 7"),
  ])
  func wrongCandidatesAreNamed(_ candidates: String, wanted: String) {
    let text = message("evaluate { candidates = \(candidates) }")
    #expect(text.contains(wanted), "\(text)")
  }

  @Test func repeatsNeedLists() {
    #expect(message("evaluate { repeats = \"each\" }").contains("repeats: is for lists of candidates"))
    #expect(message("evaluate { repeats = \"once\", candidates = \"all\" }").contains("repeats: is for lists"))
  }

  @Test func tiesAreBrokenAsTheOptionSays() throws {
    let values = try run(
      """
      local flat = perigee.models.mf { data = split, dim = 2, score = "dot", init = { std = 1e-30 } }
      local function hit(options) options.metrics = "hit@5" return perigee.evaluate(flat, split, options)["hit@5"] end
      return hit { ties = "against" }, hit { ties = "against", candidates = { count = 6 } }, hit {} > 0, hit { ties = "order" } == hit {}
      """)
    #expect(values == [0, 0, true, true])
    #expect(message("evaluate { ties = 'aganst' }").contains("did you mean \"against\"?"))
  }

  // MARK: Users and groups

  @Test func usersAreChosenByNameOrFunction() throws {
    let values = try run(
      """
      local few = evaluate { users = { "3", 7, 12, "7" }, per_user = true }
      local asked = {}
      local even = evaluate { users = function(user) asked[#asked + 1] = user return tonumber(user) % 2 == 0 end }
      local none = evaluate { users = function(user) if user == "3" then return true end end }
      return few.users, few.per_user.user[3], even.users, #asked, none.users
      """)
    #expect(values == [3, "12", 20, 40, 1])
    #expect(message("evaluate { users = { '3', '99' } }").contains("users: no user '99' in small"))
    #expect(message("evaluate { users = {} }").contains("none of the 0 chosen users has an item in the test part"))
    #expect(message("evaluate { users = function() return false end }").contains("none of the 0 chosen users"))
    #expect(
      message("evaluate { users = function() return 1 end }").contains(
        "users: the function must return true or false, it returned a number for user '0'"))
    #expect(message("evaluate { users = function(u) error('oh') end }").contains("oh (in users, user '0')"))
    #expect(message("evaluate { users = '3' }").contains("users: want a list of"))
  }

  @Test func groupsHaveMeansBesideThoseOfAll() throws {
    let values = try run(
      """
      local r = evaluate { metrics = { "ndcg@5", "auc" }, per_user = true, groups = function(user)
        if user == "3" then return "one" end
        if tonumber(user) < 10 then return nil end
        return tonumber(user) % 2
      end }
      local three = 0
      for i, user in ipairs(r.per_user.user) do if user == "3" then three = r.per_user["ndcg@5"][i] end end
      local count = 0
      for _ in pairs(r.groups) do count = count + 1 end
      return r.groups.one.users, r.groups.one["ndcg@5"] == three, r.groups[0].users, r.groups[1].users, count, r.users,
        r.groups[1].auc_users, tostring(r)
      """)
    #expect(Array(values[..<7]) == [1, true, 15, 15, 3, 40, 15])
    let lines = try #require(values[7].asString).split(separator: "\n")
    #expect(lines.count == 4 && lines[0].hasSuffix("(40 users)") && lines[1].hasPrefix("  0: ndcg@5 "))
    #expect(lines[3].hasPrefix("  one: ") && lines[3].hasSuffix("(1 user)"))
    #expect(
      message("evaluate { groups = function() return {} end }").contains(
        "groups: the function must return a name, a whole number or nil, it returned a table for user '0'"))
    #expect(message("evaluate { groups = function() error('oh') end }").contains("oh (in groups, user '0')"))
  }

  // MARK: Metrics of a script

  @Test func aScriptsMetricHasTheValueOfOurs() throws {
    let values = try run(
      """
      local function recall(list, truth, user)
        local found, wanted = 0, 0
        for _, item in ipairs(list) do if truth[item] then found = found + 1 end end
        for item, is in pairs(truth) do assert(is == true and type(item) == "string") wanted = wanted + 1 end
        assert(wanted == #split:items_of(user, "test"))
        return found / wanted
      end
      local r = evaluate { metrics = { "recall@5", own = recall, ["own@3"] = recall, "recall@3", full = function(list) return #list end },
        length = 5, per_user = true, groups = function() return "all" end }
      local default = evaluate { metrics = { n = function(list) return #list end }, mask = "none" }
      return r.own == r["recall@5"], r["own@3"] == r["recall@3"], r.full, r.groups.all.own == r.own, #r.per_user.own, default.n, tostring(r)
      """)
    #expect(Array(values[..<6]) == [true, true, 5, true, 40, 20])
    #expect(
      values[6].asString?.wholeMatch(
        of: #/recall@5 [^ ]+  recall@3 [^ ]+  full 5.0000  own [^ ]+  own@3 [^ ]+  \(40 users\)\n.*/#) != nil)
  }

  @Test(arguments: [
    ("{}", "metrics: the table is empty"),
    ("{ x = function() return 'a' end }", "metrics: 'x' must return a finite number, it returned string for user '0'"),
    ("{ x = function() end }", "metrics: 'x' must return a finite number, it returned nil for user '0'"),
    ("{ x = function() return 0/0 end }", "'x' must return a finite number, it returned"),
    ("{ x = function() return 1/0 end }", "'x' must return a finite number, it returned inf for user '0'"),
    ("{ x = function(l, t, u) if u == '4' then error('oh') end return 1 end }", "oh (in metrics.x, user '4')"),
    ("{ x = 3 }", "metrics: 'x': want a function(list, truth, user), got a number"),
    (
      "{ function() return 1 end }",
      "metrics: want names such as \"recall@20\", got a function among them; a function needs a name"
    ),
    ("{ [true] = function() return 1 end }", "metrics: want a list of names and functions by name"),
    ("{ ['ndcg@3'] = function() return 1 end }", "metrics: 'ndcg@3' means something else in a result"),
    ("{ users = function() return 1 end }", "metrics: 'users' means something else in a result"),
    ("{ ['x@0'] = function() return 1 end }", "metrics: 'x@0': want the length of the list after '@'"),
    ("{ ['x@31'] = function() return 1 end }", "x@31: a list of 31 is longer than the catalog"),
    ("{ 'recal@5' }", "unknown metric 'recal@5', did you mean 'recall'?"),
    ("'ndcg@31'", "ndcg@31: a list of 31 is longer"),
    ("3", "metrics: want a string or a table, got 3"),
  ])
  func wrongMetricsAreNamed(_ metrics: String, wanted: String) {
    let text = message("evaluate { metrics = \(metrics) }")
    #expect(text.contains(wanted), "\(text)")
  }

  @Test func aLengthWithoutFunctionsIsAMistake() {
    #expect(message("evaluate { length = 5 }").contains("length: is for functions in metrics"))
    #expect(message("evaluate { length = 5, metrics = { 'ndcg@3' } }").contains("length: is for functions"))
    #expect(
      message("evaluate { length = 31, metrics = { x = function() return 1 end } }").contains(
        "x: a list of 31 is longer than the catalog"))
  }

  @Test func anEvaluationWithinAMetricIsOneOfItsOwn() throws {
    let values = try run(
      """
      local plain, inner = evaluate {}, nil
      local outer = evaluate { metrics = { "recall@20", x = function() inner = inner or evaluate { candidates = { count = 3 } } return 1 end } }
      return plain["recall@20"] == outer["recall@20"], inner.candidates.count
      """)
    #expect(values == [true, 120])
  }

  // MARK: Runs

  @Test func aRunSelectsOnSampledCandidatesOfAGroup() throws {
    let values = try run(
      """
      local options = { every = 1, candidates = { count = 5, seed = 2 }, ties = "against", metrics = { "ndcg@3", own = function(l) return #l end },
        length = 3, users = function(u) return tonumber(u) < 30 end, groups = function(u) return tonumber(u) % 2 == 0 and "even" or nil end }
      local r = trainer():run { epochs = 3, progress = false, patience = 9, monitor = "ndcg@3/even", evaluate = options }
      options.every, options.on = nil, "valid"
      local last = evaluate(options)
      local best = r.epochs[r.best.epoch].metrics
      return r.best.metric, r.best.value == best["ndcg@3/even"], best.own, best["own/even"], last["ndcg@3"] == best["ndcg@3"],
        last.groups.even["ndcg@3"] == best["ndcg@3/even"]
      """, split: smallSplit(validShare: true))
    #expect(values == ["ndcg@3/even", true, 3, 3, true, true])
  }

  @Test(arguments: [
    ("evaluate = { candidates = { cuont = 1 } }", "evaluate.candidates: unknown option 'cuont'"),
    ("evaluate = { metrics = { x = 1 } }", "evaluate.metrics: 'x': want a function"),
    ("evaluate = { users = { '99' } }", "evaluate.users: no user '99'"),
    ("evaluate = { metrics = { x = function() error('oh') end } }", "oh (in evaluate.metrics.x, user '"),
    (
      "evaluate = {}, patience = 2, monitor = 'ndcg@5'", "monitor: 'ndcg@5' is not among the metrics recall@20, ndcg@20"
    ),
  ])
  func wrongOptionsOfARunAreNamed(_ options: String, wanted: String) {
    let text = message(
      "trainer():run { epochs = 1, progress = false, \(options) }", split: smallSplit(validShare: true))
    #expect(text.contains(wanted), "\(text)")
  }

  // MARK: Lists

  @Test func aModelsListsHaveItsNumbersHoweverTheyAreWritten() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString)").path
    defer {
      for ending in ["lists", "run", "scores"] { try? FileManager.default.removeItem(atPath: "\(path).\(ending)") }
    }
    let values = try run(
      """
      local options = { metrics = { "recall@10", "ndcg@10", own = function(list) return #list end }, length = 10,
        groups = function(user) return tonumber(user) % 2 end }
      local lists, files = {}, {}
      for _, ending in ipairs { "lists", "run", "scores" } do files[ending] = io.open("\(path)." .. ending, "w") end
      for _, user in ipairs(split:users "test") do
        local list = {}
        for rank, best in ipairs(model:recommend(user, { k = 10 })) do
          list[rank] = best.item
          files.run:write(("%s Q0 %s %d %.17g perigee\\n"):format(user, best.item, rank, best.score))
          files.scores:write(("%s\\t%s\\t%.17g\\n"):format(user, best.item, best.score))
        end
        files.lists:write(user, " ", table.concat(list, " "), "\\n")
        lists[user] = list
      end
      for _, file in pairs(files) do file:close() end
      local wanted = evaluate(options)
      local same = {}
      local function compare(r)
        same[#same + 1] = r["recall@10"] == wanted["recall@10"] and r["ndcg@10"] == wanted["ndcg@10"] and r.own == 10
          and r.groups[1]["ndcg@10"] == wanted.groups[1]["ndcg@10"] and r.users == wanted.users and r.users_without == 0
      end
      compare(perigee.evaluate_lists(lists, split, options))
      compare(perigee.evaluate_lists("\(path).lists", split, options))
      compare(perigee.evaluate_lists("\(path).run", split, options))
      options.format = "scores"
      compare(perigee.evaluate_lists("\(path).scores", split, options))
      local few = perigee.evaluate_lists({ ["3"] = lists["3"] }, split, { users = { 3, 4 }, per_user = true })
      return #same, same[1] and same[2] and same[3] and same[4], few.users, few.users_without, few.per_user["recall@20"][2]
      """)
    #expect(values == [4, true, 2, 1, 0])
  }

  @Test(arguments: [
    ("{ ['3'] = { 1, 2, 1 } }, split", "lists: the list of user '3' has item '1' twice"),
    ("{ ['3'] = { 99 } }, split", "lists of user '3': no item '99'"),
    ("{ ['99'] = { 1 } }, split", "lists: no user '99'"),
    ("{ ['3'] = 4 }, split", "lists: want a list of items for each user, got a number"),
    ("{ ['3'] = { 4 } }, split, { format = 'trec' }", "format: is for files"),
    ("{ ['3'] = { 4 } }, split, { metrics = 'auc' }", "auc reads the whole ranking"),
    ("{ ['3'] = { 4 } }, split, { metrics = { x = function() end } }", "metrics: 'x' must return a finite number"),
    ("{ ['3'] = { 4 } }, split, { on = 'valid' }", "the split has no validation part"),
    ("'/nowhere', split", "/nowhere: cannot be opened"),
    ("3, split", "lists: want a string or a table, got 3"),
  ])
  func wrongListsAreNamed(_ arguments: String, wanted: String) {
    let text = message("perigee.evaluate_lists(\(arguments))")
    #expect(text.contains(wanted), "\(text)")
  }
}
