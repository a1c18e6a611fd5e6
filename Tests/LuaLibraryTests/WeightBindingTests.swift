import Interactions
import LuaHost
import LuaLibrary
import Testing

/// `weight` of a trainer, and `s.weight`.
@Suite struct WeightBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local function losses(weight, loss, options)
      options = options or {}
      local data = options.data or split
      local trainer = perigee.trainer { model = perigee.models.mf { data = data, dim = 8, seed = 1 },
        loss = loss or perigee.losses.bpr {}, sampler = perigee.samplers.uniform { count = options.count or 3 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1, weight = weight }
      local result = {}
      for epoch = 1, 2 do result[epoch] = trainer:epoch().loss end
      return result
    end
    local function equal(a, b, tolerance)
      return math.abs(a[1] - b[1]) <= (tolerance or 0) and math.abs(a[2] - b[2]) <= (tolerance or 0)
    end

    """

  @Test func numbersAndFunctionsGiveWeights() throws {
    let values = try run(
      """
      local place_of_user, numbers = {}, {}
      for user, name in ipairs(split:users()) do
        place_of_user[name] = user
        for _ = 1, #split:items_of(name) do numbers[#numbers + 1] = user % 3 end
      end
      local function rows(users)
        local result = {}
        for row, name in ipairs(users:names()) do result[row] = place_of_user[name] % 3 end
        return perigee.tensor(result)
      end
      local places = {}
      local function weight(users, positives, place)
        assert(#users == #positives and place.negative_count == 3)
        places[#places + 1] = place.epoch .. "." .. place.number
        return rows(users)
      end
      local by_triplet = function(users) return rows(users):reshape { #users, 1 } * perigee.ones { 1, 3 } end
      local plain = losses()
      return equal(losses(perigee.ones { split.train_count }), plain), equal(losses(numbers), plain),
        equal(losses(weight), losses(numbers)), equal(losses(by_triplet), losses(numbers), 1e-6), places[1], places[2]
      """)
    #expect(values[0].asBoolean == true)
    #expect(values[1].asBoolean == false)
    #expect(values[2].asBoolean == true)
    #expect(values[3].asBoolean == true)
    #expect(values[4].asString == "1.1" && values[5].asString == "1.2")
  }

  @Test func aLossInLuaIsWeightedOnce() throws {
    let values = try run(
      """
      local function weight(users) return users:positions() / 20 end
      local function by_triplet(users) return users:positions():reshape { #users, 1 } / 20 * perigee.ones { 1, 3 } end
      local function plain(s) return (s.negative - s.positive):softplus():mean() end
      local function own(s)
        return ((s.negative - s.positive):softplus():mean("negatives") * (s.weight or 1)):mean()
      end
      local function own_triplets(s) return ((s.negative - s.positive):softplus() * s.triplet_weight):mean() end
      local native = losses(weight)
      return equal(losses(weight, plain), native, 1e-6), equal(losses(weight, own), native, 1e-6),
        equal(losses(by_triplet, own_triplets), native, 1e-6), equal(losses(nil, own), losses(), 1e-6),
        equal(native, losses())
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, false])
  }

  @Test func badWeightsAreErrors() throws {
    #expect(message("losses({ 1, 2 })").contains("weight: got shape [2]; want [\(smallSplit().train.count)]"))
    #expect(message("losses(\"rating\")").contains("small has no ratings"))
    #expect(message("losses { half_life = 3 }").contains("small has no times"))
    #expect(message("losses {}").contains("want numbers, or { half_life = h }"))
    #expect(
      message("local w = perigee.ones { split.train_count }; w[3] = -1; losses(w)").contains(
        "weight 3, of user number 1"))
    let place = "(in weight, epoch 1, batch 1)"
    let wrong = message("losses(function(users) return perigee.ones { 5 } end)")
    #expect(wrong.contains("got shape [5]; want [32], a number for each positive, or [32, 3]") && wrong.contains(place))
    #expect(message("losses(function(users) return users.nothing.x end)").contains(place))
    #expect(message("losses(function(users) return nil end)").contains(place))
    #expect(
      message("losses(function(users) return perigee.ones { #users } * (0 / 0) end)").contains(
        "row 1 of the batch, user number"))
    let triplets = "function(users) return perigee.ones { #users, 3 } end"
    #expect(
      message("losses(\(triplets), perigee.losses.softmax {})").contains("its terms are not one for each negative"))
    #expect(
      message("losses(\(triplets), function(s) return s.negative:mean() end)").contains(
        "does not read s.triplet_weight"))
  }

  @Test func ratingsAndRecencyAreOfTheTrainPart() throws {
    let folder = DataFolder()
    var table = "user,item,rating,time\n"
    for user in 0..<12 {
      for item in 0..<8 where (user + item) % 2 == 0 {
        table += "u\(user),i\(item),\(1 + (user * item) % 5),\(100 * user + item)\n"
      }
    }
    folder.write("rated.csv", table)
    let values = try run(
      """
      local data = perigee.data.open("\(folder.path)/rated.csv")
      local split = data:split { kind = "ratio", test = 0.25, seed = 1 }
      local ratings, recency, latest = {}, {}, 0
      for _, user in ipairs(split:users()) do
        for _, item in ipairs(split:items_of(user)) do latest = math.max(latest, data:time(user, item)) end
      end
      for _, user in ipairs(split:users()) do
        for _, item in ipairs(split:items_of(user)) do
          ratings[#ratings + 1] = data:rating(user, item)
          recency[#recency + 1] = 2 ^ ((data:time(user, item) - latest) / 300)
        end
      end
      local options = { data = split, count = 1 }
      return equal(losses("rating", nil, options), losses(ratings, nil, options)),
        equal(losses({ half_life = 300 }, nil, options), losses(recency, nil, options), 1e-7),
        equal(losses(ratings, nil, options), losses(recency, nil, options), 1e-7)
      """)
    #expect(values.map(\.asBoolean) == [true, true, false])
  }

  @Test func theTrialsOfWarpAreReadInLua() throws {
    let values = try run(
      """
      local seen = {}
      local function loss(s)
        seen[#seen + 1] = s.trials and s.trials.kind or "none"
        return (s.negative - s.positive):softplus():mean("negatives") * (s.trials or 1)
      end
      local function train(sampler)
        perigee.trainer { model = perigee.models.mf { data = split, dim = 8, seed = 1 }, loss = loss, sampler = sampler,
          optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1 }:step()
      end
      train(perigee.samplers.warp {})
      train(perigee.samplers.uniform {})
      local value = perigee.losses.evaluate(loss, { positive = perigee.zeros { 2 }, negative = perigee.zeros { 2, 1 },
        trials = perigee.tensor { 1, 3 } })
      return seen[1], seen[2], value
      """)
    #expect(values[0].asString == "row" && values[1].asString == "none")
    #expect(abs(values[2].asNumber! - 2 * 0.6931471805599453) < 1e-6)
  }
}
