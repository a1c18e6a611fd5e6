import Interactions
import LuaHost
import LuaLibrary
import Testing

/// `perigee.terms`.
@Suite struct TermBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local terms = perigee.terms
    local function mf() return perigee.models.mf { data = split, dim = 8, score = "dot", seed = 1 } end
    local model = mf()
    local function trainer(list, options)
      local t = { model = model, loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = 5 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1, terms = list }
      for key, value in pairs(options or {}) do t[key] = value end
      return perigee.trainer(t)
    end
    local function custom(value, parameters)
      return terms.custom { data = split, parameters = parameters or model.parameters, value = value }
    end

    """

  @Test func reportsNameWhatEachAdds() throws {
    let values = try run(
      """
      local t = trainer { terms.l2 { weight = 0.5, scope = "tables" }, terms.covariance { weight = 1, name = "c" } }
      local step = t:step()
      local epoch = t:epoch()
      local plain = perigee.trainer { model = mf(), loss = perigee.losses.bpr {}, sampler = perigee.samplers.uniform {},
        optimizer = perigee.optimizers.adam { rate = 0.01 } }
      return step.terms.l2, step.terms.c, epoch.terms.c, t.history[1].terms.l2, next(plain:step().terms), #t.terms,
        tostring(t.terms[1]), #plain.terms
      """)
    for place in 0..<4 { #expect(values[place].asNumber! > 0) }
    #expect(values[4].isNil && values[5] == 2 && values[7] == 0)
    #expect(values[6] == "terms.l2(weight = 0.5, scope = tables)")
  }

  /// A term written in Lua is the native one: same values, and close parameters after some epochs.
  @Test func aTermInLuaTrainsLikeTheNativeOne() throws {
    let values = try run(
      """
      local native = trainer { terms.l2 { weight = 0.5, scope = "batch_mean", parameters = { model.parameters.user } } }
      local first = native:step().terms.l2
      for _ = 1, 3 do native:epoch() end
      local wanted = model.parameters.user:tensor()
      model = mf()
      local own = trainer { custom(function(p, context)
        return 0.25 * p.user[context.users]:square():sum() / #context.users
      end, { user = model.parameters.user }) }
      local second = own:step().terms.custom
      for _ = 1, 3 do own:epoch() end
      return first, second, (model.parameters.user:tensor() - wanted):abs():max():item()
      """)
    #expect(abs(values[0].asNumber! - values[1].asNumber!) < 1e-6)
    #expect(values[2].asNumber! < 1e-4)
  }

  @Test func theContextIsTheBatch() throws {
    let values = try run(
      """
      local seen = {}
      local t = trainer({ custom(function(p, c)
        seen = { #c.users, #c.positives, #c.negatives, #c.distinct_users <= #c.users, #c.distinct_items, c.epoch, c.step,
          c.number, kept = c }
        return p.item[c.distinct_items]:square():mean() + p.user:tensor():square():mean()
      end) }, { batch = 7 })
      t:step() t:step()
      local ok, text = pcall(function() return seen.kept.epoch end)
      return seen[1], seen[2], seen[3], seen[4], seen[5] <= 30, seen[6], seen[7], seen[8], text
      """)
    #expect(values.prefix(8) == [7, 7, 35, true, true, 1, 2, 2])
    #expect(values[8].asString!.contains("this batch is over"))
  }

  @Test func termsAndTheirWeightsCanBeAssigned() throws {
    let values = try run(
      """
      local l2 = terms.l2 { weight = 1, scope = "tables" }
      local t = trainer({ l2 }, { optimizer = perigee.optimizers.adam { rate = 1e-7 } })
      local first = t:step().terms.l2
      t.terms[1].weight = function(epoch, step) return step end
      local second = t:step().terms.l2
      t.terms = {}
      local third = next(t:step().terms)
      t.terms = { terms.covariance { weight = 1 }, l2 }
      collectgarbage() collectgarbage()
      local fourth = t:step().terms
      return second / first, third, fourth.covariance > 0, fourth.l2 / first, t.terms[2] == l2
      """)
    #expect(abs(values[0].asNumber! - 2) < 0.1 && values[1].isNil && values[2] == true)
    #expect(abs(values[3].asNumber! - 4) < 0.2 && values[4] == true)
  }

  /// What only a term has is trained, and comes back from a checkpoint.
  @Test func centersAreTrainedAndSaved() throws {
    let values = try run(
      """
      local function make()
        model = mf()
        local centers = perigee.parameter { name = "centers", shape = { 3, 8 }, init = { std = 0.3 }, seed = 4 }
        return trainer { terms.cluster_kl { weight = 0.5, centers = centers } }, centers
      end
      local path = os.tmpname()
      local t, centers = make()
      local before = centers:tensor()
      t:epoch()
      t:save(path)
      t:epoch()
      local u, restored = make()
      u:load(path)
      u:epoch()
      os.remove(path)
      local moved = (centers:tensor() - before):abs():max():item()
      return moved, (restored:tensor() - centers:tensor()):abs():max():item(),
        u.history[2].terms.cluster_kl == t.history[2].terms.cluster_kl
      """)
    #expect(values[0].asNumber! > 0.01 && values[1] == 0.0 && values[2] == true)
  }

  @Test func partsOfABatchHaveTerms() throws {
    let values = try run(
      """
      local t = trainer { terms.l2 { weight = 1, scope = "tables" } }
      local user = model.parameters.user
      local batch = t:next_batch()
      local kept = batch:gradients()
      local gradient = kept:tensor(user)
      t.terms = {}
      local own = gradient - batch:gradients():tensor(user)
      local difference = (own - user:tensor()):abs():max():item()
      t.terms = { terms.l2 { weight = 1, scope = "tables" } }
      local report = batch:apply(batch:gradients():scale(0.5):add(kept:scale(0.5)))
      local skipped = t:next_batch(batch):skip()
      return difference, report.terms.l2 > 0, skipped.terms.l2 > 0
      """)
    #expect(values[0].asNumber! < 1e-6 && values[1] == true && values[2] == true)
  }

  static let refusals = [
    ("trainer { custom(function() end) }:step()", "term 'custom': it returned nothing; want one number as a tensor"),
    ("trainer { custom(function() return 3 end) }:step()", "it returned a number; want one number"),
    ("trainer { custom(function(p) return p.user:tensor() end) }:step()", "a tensor of shape [40, 8]; want one number"),
    (
      "trainer { custom(function(p) return perigee.tensor(3) end) }:step()",
      "what it returned depends on no parameter"
    ),
    (
      "trainer { custom(function(p) return (p.user:tensor():sum() * 0):log() end) }:step()",
      "term 'custom' is -inf at epoch 1, step 1: all parameters are finite, so the term itself overflows; nothing was changed"
    ),
    (
      "local item = model.parameters.item trainer { custom(function(p) return item:tensor():sum() end, { user = model.parameters.user }) }:step()",
      "it read parameter 'item', which is not in its `parameters`"
    ),
    (
      "trainer { custom(function(p) error('here') end) }:step()", "here (in term 'custom', epoch 1, batch 1)"
    ),
    (
      "local t t = trainer { custom(function(p) t:step() end) } t:step()",
      "a batch cannot begin inside a batch"
    ),
    (
      "trainer { terms.custom { parameters = model.parameters, value = function(p, c) return c.users end } }:step()",
      "term 'custom' was made without data; give perigee.terms.custom { data = split }"
    ),
    (
      "trainer { terms.custom { parameters = {}, value = function() end } }", "there would be nothing to learn"
    ),
    ("trainer { 3 }", "want a list of term"),
    ("trainer { terms.l2 { weight = 1 }, terms.l2 { weight = 2 } }", "two terms are named 'l2'"),
    ("terms.l2 { weight = -1 }", "weight"),
    (
      "model = perigee.models.ncf { data = split } trainer { terms.covariance { weight = 1 } }",
      "model 'ncf' scores pairs by a network"
    ),
    (
      "trainer { terms.l2 { weight = 1, parameters = { perigee.parameter { shape = { 3 } } } } }",
      "counts rows of users and items that were looked up, and parameter 'parameter' is shared"
    ),
    (
      """
      local centers = perigee.parameter { name = "centers", shape = { 2, 8 } }
      local first = trainer { terms.cluster_kl { weight = 1, centers = centers } }
      first:step()
      model = mf()
      trainer { terms.cluster_kl { weight = 1, centers = centers } }:step()
      first:step()
      """, "another trainer has trained parameter 'centers' of term 'cluster_kl' since"
    ),
    (
      "local other = mf() trainer { terms.l2 { weight = 1, parameters = { other.parameters.user } } }:step() "
        + "local t = trainer() trainer { terms.l2 { weight = 1, parameters = { model.parameters.user } } } t:step()",
      "another trainer was made for this model after this one"
    ),
  ]

  @Test(arguments: refusals) func mistakesAreNamed(_ source: String, _ wanted: String) {
    let text = message(source)
    #expect(text.contains(wanted), "\(text)")
    #expect(text.contains("t.lua:") || text.contains("terms"), "\(text)")
  }
}
