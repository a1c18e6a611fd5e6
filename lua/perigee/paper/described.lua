-- What a configuration describes by plain data: `{ kind = "bpr", reduction = "sum" }` is `perigee.losses.bpr` with that
-- option. A row of a paper that is described so is trained from what its key says, and from nothing else.
--
--   local described = require "perigee.paper.described"
--   local loss = described.make(perigee.losses, { kind = "bpr", reduction = "sum" })
--   local trainer = described.trainer(configuration, split)

local perigee = require "perigee"
local merged = require "perigee.merged"
local unit_ball = require "perigee.unit_ball"

local described = {}

--- Models of the library, and those that are written in Lua.
described.models = setmetatable({ unit_ball = unit_ball }, { __index = perigee.models })

--- What `makers` makes of a description's kind.
---@param makers table Functions by kind, such as `perigee.losses`.
---@param description table `kind`, and options.
---@param more? table Options besides.
---@return any made What the function gave, all of it.
function described.make(makers, description, more)
  local options = merged(description, more)
  options.kind = nil
  return makers[description.kind](options)
end

--- The model of a configuration.
---@param configuration table `model`, a description, and `seed`.
---@param split Split What it is made for.
---@return Model model The model.
---@return table? of_run Options that its `trainer:run` needs.
function described.model(configuration, split)
  local more = { data = split, seed = configuration.seed }
  return described.make(described.models, configuration.model, more)
end

--- The loss of a configuration: the library's, or with `script` the one of lua/losses, which reads the model's margins.
local function loss_of(c, model)
  if not c.loss.script then return described.make(perigee.losses, c.loss) end
  local options = merged(c.loss, { margins = model.parameters })
  options.kind, options.script = nil, nil
  return require("losses." .. c.loss.kind)(options)
end

--- Clusters that are learned with a model: the sampler that draws by them, and the term that trains them. The
--- temperature is `learned.decay ^ epoch`, at least `learned.least`.
local function with_learned_clusters(c, model)
  local learned = c.learned
  local clusters = perigee.samplers.learned_clusters { model = model, count = c.sampler.clusters, seed = c.seed }
  local sampler = merged(c.sampler)
  sampler.clusters = clusters
  return sampler, {
    perigee.terms.clusters {
      clusters = clusters, form = learned.form, trains = learned.trains,
      temperature = function(epoch) return math.max(learned.least, learned.decay ^ epoch) end,
    },
  }
end

--- The trainer of a configuration.
---@param configuration table Descriptions `model`, `loss`, `sampler`, `optimizer`; `batch`, `seed`; `regularization`,
--- `replacement`, `corrupted` and `learned` clusters if it has them.
---@param split Split What it is trained on.
---@return Trainer trainer The trainer.
---@return table? of_run Options of `trainer:run` without which it would be another.
function described.trainer(configuration, split)
  local c = configuration
  local model, of_run = described.model(c, split)
  local sampler, terms = c.sampler, nil
  if c.learned then sampler, terms = with_learned_clusters(c, model) end
  return perigee.trainer {
    model = model, data = split, loss = loss_of(c, model),
    sampler = described.make(perigee.samplers, sampler),
    optimizer = described.make(perigee.optimizers, c.optimizer),
    batch = c.batch, seed = c.seed, regularization = c.regularization, terms = terms,
    replacement = c.replacement, corrupted = c.corrupted,
  }, of_run
end

return described
