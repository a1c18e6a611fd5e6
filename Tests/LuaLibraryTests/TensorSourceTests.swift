import Foundation
import LuaHost
import LuaLibrary
import Testing

/// Parameters, and a batch's users and items, where a function takes a tensor.
@Suite struct TensorSourceTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local init = { std = 0.3 }
    local function parameters()
      return {
        user = perigee.parameter { name = "user", per = "user", data = split, dim = 6, init = init, seed = 1 },
        item = perigee.parameter { name = "item", per = "item", data = split, dim = 6, init = init, seed = 2 },
        weights = perigee.parameter { name = "weights", shape = { 6, 6 }, init = init, seed = 3 },
        shift = perigee.parameter { name = "shift", shape = { 6 }, init = 0.1 },
      }
    end
    local function train(encode)
      local p = parameters()
      local model = perigee.model { data = split, parameters = p, score = "dot", encode = encode }
      local trainer = perigee.trainer { model = model, batch = 16, seed = 1, loss = perigee.losses.bpr {},
        sampler = perigee.samplers.uniform { count = 4 }, optimizer = perigee.optimizers.adam { rate = 0.02 } }
      local losses = {}
      for _ = 1, 3 do losses[#losses + 1] = trainer:epoch().loss end
      return losses, p, model
    end
    local function equal(a, b) return a.rank == b.rank and a:eq(b):min():item() == 1 end

    """

  @Test func inEncodeAParameterIsDifferentiatedLikeItsTensor() throws {
    let result = try run(
      """
      local function plain(u, i, p) return p.user[u]:matmul(p.weights:tensor()) + p.shift:tensor(), p.item[i] end
      local a, pa = train(plain)
      for name, encode in pairs {
        arguments = function(u, i, p) return perigee.matmul(p.user[u], p.weights) + p.shift, p.item[i] end,
        left = function(u, i, p) return p.shift + p.user[u]:matmul(p.weights), p.item[i] end,
        methods = function(u, i, p)
          return p.user[u]:matmul(p.weights:transpose():transpose()) + p.shift:reshape { 1, 6 }, p.item[i]
        end,
        gathered = function(u, i, p) return p.user:gather(u):matmul(p.weights) + p.shift, p.item:gather(i) end,
      } do
        local b, pb = train(encode)
        for epoch = 1, 3 do
          if math.abs(a[epoch] - b[epoch]) > 1e-5 * math.abs(a[epoch]) then return name, epoch, a[epoch], b[epoch] end
        end
        if (pa.weights:tensor() - pb.weights:tensor()):abs():max():item() > 1e-4 then return name, "weights" end
      end
      -- The weights have moved, so that a gradient came to them.
      return (pa.weights - parameters().weights):abs():max():item() > 0.01
      """)
    #expect(result == [.boolean(true)])
  }

  @Test func outsideOfEncodeAParameterIsItsNumbersAsTheyStand() throws {
    let result = try run(
      """
      local p = parameters()
      local w, x = p.weights:tensor(), perigee.ones { 2, 6 }
      return equal(perigee.matmul(x, p.weights), x:matmul(w)) and equal(p.weights:matmul(x:transpose()), w:matmul(x:transpose()))
        and equal(p.weights + 1, w + 1) and equal(1 - p.weights, 1 - w) and equal(-p.weights, -w) and equal(x * p.shift, x * 0.1)
        and equal(p.weights ^ 2, w ^ 2) and equal(p.weights / p.weights, w / w) and equal(perigee.exp(p.weights), w:exp())
        and equal(p.weights:sum(1), w:sum(1)) and equal(p.weights:gather { 2, 1 }, w:gather { 2, 1 })
        and equal(perigee.concatenate { p.weights, w }, perigee.concatenate { w, w }) and equal(perigee.tensor(p.weights), w)
        and equal(perigee.where(p.weights:gt(0), p.weights, 0), w:relu()) and equal(w:maximum(p.shift), w:maximum(0.1))
        and not p.weights:exp().recorded
      """)
    #expect(result == [.boolean(true)])
  }

  @Test func rowsOfABatchAreTheirPositions() throws {
    let result = try run(
      """
      local good = true
      local table = perigee.random_normal { shape = { split.user_count, 3 }, seed = 5 }
      local names = split.dataset:users()
      local _, _, model = train(function(u, i, p)
        local positions = u + 0
        good = good and positions.count == #u and equal(table:gather(u), table:gather(positions))
          and u:names()[1] == names[math.tointeger(positions[1])] and equal(perigee.one_hot(i, split.item_count):sum(2), perigee.ones { #i })
        return p.user[u], p.item[i]
      end)
      return good
      """)
    #expect(result == [.boolean(true)])
  }

  @Test func aLossSaysHowItTakesAParameter() throws {
    let text =
      try run(
        """
        local w = perigee.parameter { name = "w", shape = { 4 }, init = 1 }
        local loss = perigee.losses.traced(function(s) return perigee.matmul(w, perigee.ones { 4, 1 }) + s.positive:mean() end)
        return select(2, pcall(perigee.losses.evaluate, loss, {
          positive = perigee.tensor { 0.5, 0.1 }, negative = perigee.tensor { { 0.4, 0.2 }, { 0.3, 0.6 } } }))
        """)[0].asString ?? ""
    #expect(text.contains("parameter:tensor() is its numbers as constants"), "\(text)")
  }
}
