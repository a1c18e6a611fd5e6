-- The same row with several seeds: what its results have in common.
--
--   local seeds = require "perigee.paper.seeds"
--   local s = seeds.summary { { ndcg = 0.15 }, { ndcg = 0.17 } }
--   print(s.ndcg, s.deviation.ndcg, s.count)                     -- 0.16, 0.0141..., 2

local seeds = {}

local function mean_and_deviation(list)
  local sum, squares = 0, 0
  for _, value in ipairs(list) do sum = sum + value end
  local mean = sum / #list
  for _, value in ipairs(list) do squares = squares + (value - mean) ^ 2 end
  return mean, #list > 1 and math.sqrt(squares / (#list - 1)) or nil
end

--- Means by name of the numbers that all results have.
---@param results table[] Results of rows.
---@return table summary The means; `deviation` has standard deviations by name (of a sample, by count - 1), nil where
--- there is one result; `count`. No results at all: `{ count = 0, failure = ... }`.
function seeds.summary(results)
  local summary = { count = #results, deviation = {} }
  if #results == 0 then summary.failure = "no seed gave a result" end
  for name, first in pairs(results[1] or {}) do
    local list = {}
    for _, result in ipairs(results) do list[#list + 1] = tonumber(result[name]) end
    if type(first) == "number" and #list == #results then
      summary[name], summary.deviation[name] = mean_and_deviation(list)
    end
  end
  return summary
end

--- The mean, place by place, of lists.
---@param keys string[] Whose lists.
---@param find fun(key: string): number[]|nil The list of a key.
---@return number[]? means nil where one of the lists is not to be had.
function seeds.mean_of_lists(keys, find)
  local sums
  for _, key in ipairs(keys) do
    local list = find(key)
    if not list or sums and #list ~= #sums then return nil end
    sums = sums or {}
    for i, value in ipairs(list) do sums[i] = (sums[i] or 0) + value end
  end
  for i = 1, sums and #sums or 0 do sums[i] = sums[i] / #keys end
  return sums
end

--- A row with several seeds.
---@param first integer The first seed.
---@param count integer How many, one after the other.
---@param outcome fun(seed: integer): table, string A result, and its key for `find`; one with `failure` is left out.
---@param find fun(key: string): number[]|nil The users' values of a key.
---@return table summary As of `seeds.summary`.
---@return number[]? users Each user's mean, nil where one is not to be had.
function seeds.of_row(first, count, outcome, find)
  local results, keys = {}, {}
  for seed = first, first + count - 1 do
    local result, key = outcome(seed)
    if not result.failure then
      results[#results + 1], keys[#keys + 1] = result, key
    end
  end
  return seeds.summary(results), seeds.mean_of_lists(keys, find)
end

return seeds
