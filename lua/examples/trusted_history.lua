-- An idea that no paper has: items earn trust.
--
-- A user's row is the user's own plus the mean of the items that the user has, in which each item counts as much as its
-- trust, a number that is learned for each item: an item that everybody has says little about anybody. The margin of
-- the loss is learned too, one for each user, and pulled towards 0.5.

local perigee = require "perigee"

local data = perigee.data.synthetic { users = 600, items = 400, interests = 8, seed = 7 }
local split = data:split { kind = "ratio", test = 0.2, seed = 7 }
local dim = 32

local function make(with_trust)
  local init = { std = 0.1 }
  local parameters = {
    user = perigee.parameter { name = "user", per = "user", data = split, dim = dim, init = init },
    item = perigee.parameter { name = "item", per = "item", data = split, dim = dim, init = init },
    trust = with_trust and perigee.parameter { name = "trust", per = "item", data = split } or nil,
  }
  return perigee.model {
    name = with_trust and "trusted history" or "plain history", data = split, score = "cosine", each_row = true,
    parameters = parameters,
    encode = function(users, _, p)
      local history = users:history()
      local rows = p.item[history.items]
      if not with_trust then
        return p.user[users] + perigee.segment_mean(rows, history.segments, #users), p.item
      end
      local trust = perigee.sigmoid(p.trust[history.items])
      local sum = perigee.segment_sum(rows * trust, history.segments, #users)
      local total = perigee.segment_sum(trust, history.segments, #users)
      return p.user[users] + sum / (total + 1e-6), p.item
    end,
  }
end

for _, with_trust in ipairs { false, true } do
  local margin = perigee.parameter {
    name = "margin", per = "user", data = split, init = 0.5, min = 0, max = 0.9,
  }
  local function loss(s)
    local own = margin[s.users]
    local up = perigee.relu(1 - s.positive)
    local down = 20 * perigee.relu(s.negative - own):mean "negatives"
    return up + down + 0.1 * (own - 0.5) ^ 2
  end
  local model = make(with_trust)
  local trainer = perigee.trainer {
    model = model, loss = loss, batch = 256, seed = 7, sampler = perigee.samplers.uniform { count = 50 },
    -- Trust and margins move faster than rows.
    optimizer = perigee.optimizers.adam {
      rate = 0.01, groups = { { parameters = with_trust and { "margin", "trust" } or { "margin" }, rate = 0.05 } },
    },
  }
  trainer:run { epochs = 8, progress = false }
  print(("%-16s"):format(model.name), perigee.evaluate(model, split, { metrics = { "recall@20", "ndcg@20" } }))
end
