-- The known name that a misspelt one probably means.
--
--   local nearest_name = require "perigee.nearest_name"
--   nearest_name("tempreature", { "margin", "temperature" })        -- "temperature"

--- Levenshtein's distance: insertions, deletions and substitutions.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above + 1, row[j - 1] + 1, diagonal + cost)
      diagonal = above
    end
  end
  return row[#b]
end

--- The nearest by Levenshtein's distance, the first of equals; nil where none is near.
---@param name string What was written.
---@param known string[] What there is.
---@return string? nearest At most a third of the name's letters away, or two.
return function(name, known)
  local best, least
  for _, candidate in ipairs(known) do
    local d = distance(name, candidate)
    if not least or d < least then best, least = candidate, d end
  end
  return least and least <= math.max(2, #name // 3) and best or nil
end
