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

--- Means by name of the numbers that all results have; `deviation` has their standard deviations (of a sample, by
-- count - 1), nil where there is one result; `count`. No results at all: `{ count = 0, failure = ... }`.
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

--- The mean, place by place, of the lists that `find(key)` gives; nil where one of them is not to be had.
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

--- A row with `count` seeds from `first` on: the summary, and each user's mean, nil where one is not to be had.
-- outcome(seed): a result, and the key under which `find` has its users' values; one with `failure` is left out.
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
