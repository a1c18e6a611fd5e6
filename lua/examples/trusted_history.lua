-- An idea that no paper has: items earn trust.
--
-- A user's row is the user's own plus the mean of the items that the user has, in which each item counts as much as its
-- trust, a number that is learned for each item: an item that everybody has says little about anybody. Trust moves
-- faster than rows do, by a group of the optimizer. An idea is a dozen lines, and the answer takes seconds: on this
-- planted set a little better than the plain mean, which one seed does not prove.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }

local function model(with_trust)
  local function table_of(per)
    return perigee.parameter { name = per, per = per, data = split, dim = 32, init = { std = 0.1 } }
  end
  return perigee.model {
    name = with_trust and "trusted history" or "plain history", data = split, score = "cosine", each_row = true,
    parameters = {
      user = table_of "user", item = table_of "item",
      trust = with_trust and perigee.parameter { name = "trust", per = "item", data = split } or nil,
    },
    encode = function(users, _, p)
      local history = users:history()
      local rows = p.item[history.items]
      local weight = with_trust and perigee.sigmoid(p.trust[history.items]) or perigee.ones { rows.shape[1], 1 }
      local sum = perigee.segment_sum(rows * weight, history.segments, #users)
      local total = perigee.segment_sum(weight, history.segments, #users)
      return p.user[users] + sum / (total + 1e-6), p.item
    end,
  }
end

local function loss(s) return (((s.negative - s.positive) / 0.2):exp():sum "negatives" + 1):log() end

for _, with_trust in ipairs { false, true } do
  local trained = model(with_trust)
  local trainer = perigee.trainer {
    model = trained, loss = loss, batch = 256, seed = 7, sampler = perigee.samplers.uniform { count = 50 },
    optimizer = perigee.optimizers.adam {
      rate = 0.01, groups = with_trust and { { parameters = { "trust" }, rate = 0.05 } } or nil,
    },
  }
  trainer:run { epochs = 8, progress = false }
  print(trained.name, perigee.evaluate(trained, split, { metrics = { "recall@20", "ndcg@20" } }))
end
