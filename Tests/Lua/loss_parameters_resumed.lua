-- Parameters of a loss come back with a checkpoint also where no batch is trained any more: a finished run that is run
-- again. A trainer that is loaded puts them back with its next batch.

local perigee = require "perigee"

local split = perigee.data.synthetic { users = 60, items = 120, interests = 4, seed = 7 }
  :split { kind = "ratio", test = 0.2, seed = 7 }

local function make()
  local margin = perigee.parameter { name = "margin", per = "user", data = split, init = 0.1 }
  local trainer = perigee.trainer {
    model = perigee.models.mf { data = split, dim = 8, seed = 3 }, batch = 32, seed = 5,
    loss = function(s) return (margin[s.users] - s.positive + s.negative:mean "negatives"):softplus():mean() end,
    sampler = perigee.samplers.uniform { count = 6 }, optimizer = perigee.optimizers.adam { rate = 1e-2 },
  }
  return trainer, margin
end

local function same(one, other) return (one:tensor() - other:tensor()):abs():max():item() == 0 end

local path, state = os.tmpname(), os.tmpname()
os.remove(path)
local first, trained = make()
first:run { epochs = 2, progress = false, checkpoint = path }
first:save(state)
assert(not same(trained, select(2, make())))

local again, resumed = make()
again:run { epochs = 2, progress = false, checkpoint = path }
assert(again.steps == first.steps and same(trained, resumed))

local loaded, restored = make()
loaded:load(state)
-- And training goes on as if nothing had been.
first:epoch()
again:epoch()
loaded:epoch()
assert(same(trained, resumed) and same(trained, restored))
os.remove(path)
os.remove(state)
