-- One table out of several: of a name that several have, the last one's value stands.
--
--   local merged = require "perigee.merged"
--   merged({ rate = 0.1, batch = 256 }, { rate = 0.2 }, nil)        -- { rate = 0.2, batch = 256 }

--- A new table; those that are nil are passed over, and tables within tables are not looked into.
---@param ... table? The tables, the first one first.
---@return table merged All their entries.
return function(...)
  local result = {}
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do result[key] = value end
  end
  return result
end
