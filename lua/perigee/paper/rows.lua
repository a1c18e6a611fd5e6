-- Rows that `--rows` names, and what comes out of one with its seeds.
--
--   local rows = require "perigee.paper.rows"
--   rows.check(lab, settings.methods, "bpr,til_ui")
--   for _, method in ipairs(rows.wanted(lab, settings.table1)) do
--     local summary, users = rows.with_seeds(lab, 5, function(seed)
--       local c = configuration(method, seed)
--       return rows.outcome(lab, c, "gowalla, BPR, seed 1", function() return make_row(c) end)
--     end)
--   end

local seeds = require "perigee.paper.seeds"

local rows = {}

--- Ends the script where `--rows` names what there is not.
---@param lab table As of `perigee.paper.begin`.
---@param methods table<string, any> All that there are, by name.
---@param names string How a message lists them.
function rows.check(lab, methods, names)
  for _, name in ipairs(lab.options.rows or {}) do
    if not methods[name] then lab:refuse("unknown row '%s'; want some of %s", name, names) end
  end
end

--- Those of some methods that were asked for: all of them where `--rows` was not given.
---@param lab table As of `perigee.paper.begin`.
---@param methods string[] Their names.
---@return string[] wanted In the order of `methods`.
function rows.wanted(lab, methods)
  if not lab.options.rows then return methods end
  local named, list = {}, {}
  for _, name in ipairs(lab.options.rows) do named[name] = true end
  for _, method in ipairs(methods) do
    if named[method] then list[#list + 1] = method end
  end
  return list
end

--- What came out of a row with one seed.
---@param lab table As of `perigee.paper.begin`.
---@param configuration table All that decides the row. What it says of data, method and seed is kept with the row.
---@param title string What messages call it; it is said where the row is made.
---@param make fun(): table, table? As of `lab:outcome`.
---@return table results By name.
---@return string key What `lab:list` finds its lists by.
function rows.outcome(lab, configuration, title, make)
  local about = {}
  for _, name in ipairs { "data", "checksum", "method", "backbone", "seed", "version" } do
    about[name] = configuration[name]
  end
  return lab:outcome {
    configuration = configuration, title = title, about = about, make = function()
      io.stderr:write(title, "\n")
      return make()
    end,
  }
end

--- A row with all its seeds, `--seed` and those after it.
---@param lab table As of `perigee.paper.begin`.
---@param count integer How many.
---@param outcome fun(seed: integer): table, string As of `rows.outcome`; its list `users` has a metric of each user.
---@return table summary As of `perigee.paper.seeds`.
---@return number[]? users Each user's mean.
function rows.with_seeds(lab, count, outcome)
  return seeds.of_row(lab.options.seed, count, outcome, function(key) return lab:list(key, "users") end)
end

return rows
