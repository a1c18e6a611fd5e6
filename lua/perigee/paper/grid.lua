-- All combinations of some settings' values.
--
--   local grid = require "perigee.paper.grid"
--   for _, point in ipairs(grid { rate = { 0.1, 0.01 }, l2 = { 0, 1 } }) do print(point.rate, point.l2) end

local merged = require "perigee.merged"

local function sorted_names(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- The last name in the alphabet changes fastest.
---@param values table<string, table> A list of values for each setting.
---@return table[] points Tables from name to value.
return function(values)
  local points = { {} }
  for _, name in ipairs(sorted_names(values)) do
    local longer = {}
    for _, point in ipairs(points) do
      for _, value in ipairs(values[name]) do longer[#longer + 1] = merged(point, { [name] = value }) end
    end
    points = longer
  end
  return points
end
