import Foundation
import LuaHost
import LuaLibrary
import Testing

/// `perigee.model` and `perigee.parameter`: models written in Lua.
@Suite struct LuaModelTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function parameters()
      local init = { std = 0.3 }
      return {
        user = perigee.parameter { name = "user", per = "user", data = split, dim = 6, init = init, seed = 1 },
        item = perigee.parameter { name = "item", per = "item", data = split, dim = 6, init = init, seed = 2 },
      }
    end
    local function make(options)
      options.data, options.parameters = split, options.parameters or parameters()
      return perigee.model(options)
    end
    local function train(model, options)
      options = options or {}
      local trainer = perigee.trainer { model = model, batch = 16, seed = 1,
        loss = options.loss or perigee.losses.softmax { temperature = 0.3 }, sampler = perigee.samplers.uniform { count = 4 },
        optimizer = options.optimizer or perigee.optimizers.adam { rate = 0.02, clip = 1 } }
      local losses = {}
      for _ = 1, options.epochs or 3 do losses[#losses + 1] = trainer:epoch().loss end
      return losses
    end

    """

  @Test(arguments: ["dot", "cosine", "euclidean"])
  func returningTheParametersAndGatheringThemIsTheSame(_ score: String) throws {
    let result = try run(
      """
      local tables = make { score = "\(score)", encode = function(_, _, p) return p.user, p.item end }
      local gathered = make { score = "\(score)", encode = function(u, i, p) return p.user[u], p.item[i] end }
      local mixed = make { score = "\(score)", encode = function(u, i, p) return p.user[u], p.item end }
      local a, b, c = train(tables), train(gathered), train(mixed)
      local function far(x, y) return math.abs(x - y) > 1e-6 * math.abs(x) end
      for epoch = 1, 3 do
        if far(a[epoch], b[epoch]) or far(a[epoch], c[epoch]) then return false end
      end
      local metrics = { metrics = "ndcg@3" }
      local first = perigee.evaluate(tables, split, metrics)["ndcg@3"]
      return a[3] < a[1] and first == perigee.evaluate(gathered, split, metrics)["ndcg@3"]
        and first == perigee.evaluate(mixed, split, metrics)["ndcg@3"]
      """)
    #expect(result == [.boolean(true)])
  }

  /// Most derivatives of these are 0, and an item without one has no gradient: nothing of an earlier batch's.
  @Test(
    arguments: [
      "function(s) return s.positive:mean() end", "perigee.losses.hinge { margin = 0.1 }", "perigee.losses.mml {}",
      "perigee.losses.tce_bpr { drop_rate = 0.5, gradual_steps = 0 }",
      "function(s) return (s.negative - s.positive + 0.1):relu():max 'negatives' end",
    ], ["dot", "cosine", "euclidean"])
  func computedRowsTrainAsTheParametersThemselves(_ loss: String, _ score: String) throws {
    let result = try run(
      """
      local function trained(encode)
        local p = parameters()
        train(make { score = "\(score)", parameters = p, encode = encode },
          { loss = \(loss), epochs = 2, optimizer = perigee.optimizers.sgd { rate = 0.1 } })
        return p.item:tensor()
      end
      local start = parameters().item:tensor()
      local tables = trained(function(_, _, p) return p.user, p.item end)
      local computed = trained(function(u, i, p) return p.user[u], p.item[i] * 1 end)
      local function gap(a, b) return (a - b):abs():max():item() end
      return gap(tables, start), gap(tables, computed)
      """)
    #expect(result[0].asNumber! > 1e-3)
    #expect(result[1].asNumber! < 1e-5 * max(1, result[0].asNumber!))
  }

  @Test func itemsThatWereOnlyNegativesOfALossOfPositivesStandStill() throws {
    let result = try run(
      """
      local data = perigee.data.synthetic { users = 6, items = 12, interests = 2, interactions_per_user = 5, seed = 1 }
      split = data:split { kind = "ratio", test = 0.3, seed = 1 }
      local p = parameters()
      local before = p.item:tensor()
      local model = make { score = "dot", parameters = p, encode = function(u, i, p) return p.user[u], p.item[i] * 1 end }
      local trainer = perigee.trainer { model = model, loss = function(s) return s.positive:mean() end, batch = 2, seed = 1,
        sampler = perigee.samplers.uniform { count = 2 }, optimizer = perigee.optimizers.sgd { rate = 0.1 } }
      trainer:epoch()
      local moved = (p.item:tensor() - before):abs():sum(2):totable()
      local still = 0
      local positives = {}
      for _, user in ipairs(split:users()) do
        for _, item in ipairs(split:items_of(user)) do positives[item] = true end
      end
      for place, item in ipairs(data:items()) do
        if not positives[item] then
          assert(moved[place] == 0, item)
          still = still + 1
        end
      end
      return still
      """)
    #expect(result[0].asInteger! > 0)
  }

  @Test func aScoreWrittenInLuaTrainsAndRanksAsTheNativeOne() throws {
    let result = try run(
      """
      local encode = function(u, i, p) return p.user[u], p.item[i] end
      local native = make { score = "dot", encode = encode }
      local own = make { encode = encode, score = function(u, i) return (u * i):sum(-1) end }
      local a, b = train(native), train(own)
      local user = split.dataset:users()[1]
      local x, y = native:recommend(user, { k = 3 }), own:recommend(user, { k = 3 })
      for rank = 1, #x do
        if x[rank].item ~= y[rank].item or math.abs(x[rank].score - y[rank].score) > 1e-4 then return false end
      end
      return #x > 0 and math.abs(a[3] - b[3]) < 1e-5 * a[3]
        and perigee.evaluate(native, split, { metrics = "recall@3" })["recall@3"]
          == perigee.evaluate(own, split, { metrics = "recall@3" })["recall@3"]
      """)
    #expect(result == [.boolean(true)])
  }

  /// Dropout of an encoding's own: by the batch's numbers, so that a seed gives the same losses, and none at evaluation.
  @Test func anEncodingKnowsItsPlaceAndHasRandomNumbers() throws {
    let result = try run(
      """
      local places, seen = {}, {}
      local function model()
        return make { score = "dot", encode = function(u, i, p, batch)
          local rows = p.user[u]
          if not batch then return rows, p.item end
          places[#places + 1] = batch.epoch .. "." .. batch.number
          local kept = batch.stream:uniform(rows.shape)
          seen[#seen + 1] = kept:sum():item()
          return rows * (kept - 0.25):sign():relu(), p.item
        end }
      end
      local first = model()
      local a = train(first, { epochs = 2 })
      local epochs = #places // 2
      local inOrder = places[1] == "1.1" and places[2] == "1.2" and places[epochs + 1] == "2.1"
      local half = #seen
      local b = train(model(), { epochs = 2 })
      local same, fresh = a[1] == b[1] and a[2] == b[2], {}
      for batch = 1, half do
        same = same and seen[batch] == seen[half + batch]
        fresh[seen[batch]] = true
      end
      local different = 0
      for _ in pairs(fresh) do different = different + 1 end
      local before = #places
      perigee.evaluate(first, split, { metrics = "ndcg@3" })
      return inOrder, same, different == half, #places == before
      """)
    #expect(result == [true, true, true, true])
  }

  @Test func sharedParametersLearnThroughTensorOperations() throws {
    let result = try run(
      """
      local p = parameters()
      p.weights = perigee.parameter { name = "weights", shape = { 6, 6 }, init = { kind = "xavier_normal" } }
      local before = p.weights:tensor()
      local model = make { parameters = p, encode = function(u, _, p)
        return perigee.tanh(p.user[u]:matmul(p.weights:tensor())), p.item
      end }
      local losses = train(model, { epochs = 6 })
      return losses[6] < losses[1], (p.weights:tensor() - before):abs():sum():item() > 0.1
      """)
    #expect(result == [.boolean(true), .boolean(true)])
  }

  @Test func historiesLeaveOutThePositiveInTrainingOnly() throws {
    let result = try run(
      """
      local train_lengths, all_lengths = 0, 0
      local model = make { each_row = true, encode = function(u, _, p)
        local history = u:history()
        train_lengths = train_lengths + history.lengths:sum():item()
        return p.user[u] + perigee.segment_mean(p.item[history.items], history.segments, #u), p.item
      end }
      train_lengths = 0
      train(model, { epochs = 1 })
      local seen = train_lengths
      train_lengths = 0
      model:user_embeddings()
      return seen, train_lengths
      """)
    let lengths = try #require(result.map { $0.asNumber } as? [Double])
    let train = smallSplit().train
    let counts = (0..<train.userCount).map { Double(train.items(of: $0).count) }
    #expect(lengths[0] == counts.reduce(0) { $0 + $1 * ($1 - 1) })
    #expect(lengths[1] == counts.reduce(0, +))
  }

  @Test func groupsMoveParametersWithTheirOwnRate() throws {
    let result = try run(
      """
      local p = parameters()
      local user, item = p.user:tensor(), p.item:tensor()
      local model = make { parameters = p, encode = function(_, _, p) return p.user, p.item end }
      train(model, { epochs = 1, optimizer = perigee.optimizers.adam {
        rate = 0.1, groups = { { parameters = { "item" }, rate = 1e-9, clip = 0.1 } } } })
      local function moved(a, b) return (a - b):abs():max():item() end
      return moved(p.user:tensor(), user) > 0.05, moved(p.item:tensor(), item) < 1e-6
      """)
    #expect(result == [.boolean(true), .boolean(true)])
    #expect(
      message(
        """
        train(make { encode = function(_, _, p) return p.user, p.item end }, { optimizer = perigee.optimizers.adam {
          groups = { { parameters = { "itme" }, rate = 1 } } } })
        """
      ).contains("the optimizer has a group for a parameter 'itme'; the model and the loss have 'item', 'user'"))
  }

  @Test(arguments: [
    ("{ { parameters = { \"user\" }, rat = 1 } }", "groups: entry [1]: unknown option 'rat', did you mean 'rate'?"),
    ("{ { rate = 1 } }", "entry [1]: parameters: want names of parameters, got nil"),
    ("{ { parameters = \"user\", rate = 0 } }", "entry [1]: rate: want a number above 0 up to 1000000, got 0"),
    (
      "{ { parameters = \"user\", clip = \"x\" } }",
      "entry [1]: clip: want a number, a schedule or a function, got string"
    ),
  ]) func mistakesInGroupsAreNamed(_ groups: String, _ expected: String) {
    let text = message("perigee.optimizers.adam { groups = \(groups) }")
    #expect(text.contains(expected), "\(text)")
  }

  @Test func parametersAreSavedAndPutBack() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString).model").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = try run(
      """
      local encode = function(u, i, p) return p.user[u], p.item[i] end
      local model = make { encode = encode }
      train(model)
      local user, item = split.dataset:users()[1], split.dataset:items()[1]
      local score = model:score(user, item)
      model:save "\(path)"
      model.parameters.user:assign(0)
      local without = model:score(user, item)
      return model:load("\(path)"):score(user, item) == score, without == 0,
        make { encode = encode }:load("\(path)"):score(user, item) == score
      """)
    #expect(result == [.boolean(true), .boolean(true), .boolean(true)])
    #expect(
      message("perigee.models.mf { data = split, dim = 6 }:load \"\(path)\"").contains(
        "holds item [30, 6], user [40, 6]; this model has user [40, 6], item [30, 6]"))
    #expect(
      message("make { encode = function(_, _, p) return p.user, p.item end }:load \"\(path).not\"").contains(
        "no such file"))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 5] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(
      message("make { encode = function(_, _, p) return p.user, p.item end }:load \"\(path)\"").contains(
        "is not a whole saved model: its content does not match its checksum"))
    bytes.replaceSubrange(32..<40, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
    try bytes.write(to: URL(fileURLWithPath: path))
    let load = "make { encode = function(_, _, p) return p.user, p.item end }:load "
    #expect(
      message(load + "\"\(path)\"").contains(
        "is not a whole saved model: it has \(bytes.count) bytes and should have 9223372036854775847"))
    #expect(message(load + "\"\(path)\\0.not\"").contains("\\x00.not: is no path: it holds a NUL character"))
    #expect(
      message("make { encode = function(_, _, p) return p.user, p.item end }:save \"\(path)\\0.not\"").contains(
        "\\x00.not: is no path: it holds a NUL character"))
    #expect(message(load + "\"/dev/zero\"").contains("/dev/zero: is a device; want a file"))
  }

  @Test(arguments: [
    ("make { encode = function() return 1 end }", "encode returned 1 values; want the users' rows and the items' rows"),
    ("make { encode = function(u, i, p) return p.user[u], 3 end }", "want the rows of the items"),
    (
      "make { encode = function(u, i, p) return p.user[i], p.item[i] end }",
      "these are items, and 'user' is one of users"
    ),
    (
      "make { encode = function(u, i, p) return p.user[u]:slice { {}, { 1, 3 } }, p.item end }",
      "the users' rows have 3 numbers and the items' 6; want as many"
    ),
    ("make { encode = function(u, i, p) return p.usr[u], p.item end }", "t.lua"),
    (
      "make { encode = function(u, i, p) return p.user[u], p.item[i] end, score = function(u, i) return i:sum() end }",
      "score gave shape []"
    ),
    ("make { parameters = {}, encode = function() end }", "there are none; there would be nothing to learn"),
    ("perigee.parameter { shape = { math.maxinteger }, init = {} }", "9223372036854775807"),
    ("perigee.parameter { per = \"user\" }", "wants the split whose users have a row"),
    ("perigee.parameter { min = 2, max = 1 }", "is above max"),
    ("perigee.parameter { shape = { 2, 3 } }:assign(perigee.ones { 3, 2 })", "got shape [3, 2]; want [2, 3]"),
  ]) func mistakesAreNamed(_ source: String, _ expected: String) {
    #expect(message(source).contains(expected), "\(message(source))")
  }

  /// Rows that are not there would be read, and written, beyond the parameter's memory.
  @Test(arguments: [
    "return make { parameters = few, encode = function(u, i, p) return p.user, p.item end }",
    "return make { parameters = few, encode = function(u, i, p) return p.user[u], p.item end }",
    "return make { parameters = few, encode = function(u, i, p) return p.user[u], p.item[i] * 1 end }",
    "train(perigee.models.mf { data = split, dim = 3 }, { loss = function(s) return (s.positive * few.user[s.users]):mean() end })",
    """
    train(perigee.models.mf { data = split, dim = 3 }, { loss = perigee.losses.traced(function(s)
      return (s.negative:mean "negatives" * few.item[s.positive_items]):mean()
    end, { fuse = false }) })
    """,
    """
    perigee.losses.evaluate(function(s) return (s.known * s.negative):mean() end, {
      positive = perigee.ones { 2 }, negative = perigee.ones { 2, 3 }, data = split, users = { 1, math.maxinteger },
      positive_items = { 1, 2 }, negative_items = { 1, 2, 3, 4, 5, 6 },
    })
    """,
  ]) func parametersOfOtherDataAreRefused(_ source: String) {
    let text = message(
      """
      local other = perigee.data.synthetic { users = 2, items = 4, interests = 1, interests_per_user = 1, interactions_per_user = 3 }
      local data, few = other:split { kind = "ratio" }, {}
      few.user = perigee.parameter { name = "few users", per = "user", data = data, dim = 1, init = 1 }
      few.item = perigee.parameter { name = "few items", per = "item", data = data, dim = 1, init = 1 }
      \(source)
      """)
    #expect(
      text.contains("same data") || text.contains("same `data`") || text.contains("the data has 40 users"), "\(text)")
  }

  @Test func anErrorWhileTrainingNamesTheLineEpochAndBatch() {
    let text = message(
      """
      local calls = 0
      train(make { encode = function(u, i, p)
        calls = calls + 1
        if calls > 4 then error "stop here" end
        return p.user[u], p.item[i]
      end })
      """)
    #expect(text.contains("t.lua:") && text.contains("stop here (in the model, epoch 1, batch "), "\(text)")
  }
}
