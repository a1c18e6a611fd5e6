-- Settings of rows that a command line changes: `--set rate=1e-2,l2=1e-3`.
--
--   local setting_changes = require "perigee.paper.setting_changes"
--   local changes, why = setting_changes({ "rate=1e-2" }, { rate = 1e-3, l2 = 0 })     -- { rate = 0.01 }

local nearest_name = require "perigee.nearest_name"

local function sorted_names(known)
  local names = {}
  for name, value in pairs(known) do
    if type(value) == "number" or type(value) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- One value; nil and why not.
local function value_of(name, text, known)
  if type(known) == "string" then return text end
  local number = tonumber(text)
  if not number or number ~= number or math.abs(number) == math.huge then
    return nil, ("--set: %s wants a number, got '%s'"):format(name, text)
  end
  if math.type(known) == "integer" then
    local whole = math.tointeger(number)
    if not whole then return nil, ("--set: %s wants a whole number, got '%s'"):format(name, text) end
    return whole
  end
  return number + 0.0
end

---@param words string[] Each `name=value`.
---@param known table<string, any> What stands without a change; numbers and strings can be changed, each to its kind.
---@return table? changes Values by name; nil where there is no such setting, or no such value for it.
---@return string? why What is wrong then.
return function(words, known)
  local changes, names = {}, sorted_names(known)
  for _, word in ipairs(words) do
    local name, text = word:match "^%s*([%w_]+)%s*=%s*(.-)%s*$"
    if not name then return nil, ("--set wants NAME=VALUE, got '%s'"):format(word) end
    if type(known[name]) ~= "number" and type(known[name]) ~= "string" then
      local near = nearest_name(name, names)
      return nil, ("--set: unknown setting '%s'%s; want one of %s"):format(
        name, near and (", did you mean '%s'?"):format(near) or "", table.concat(names, ", "))
    end
    local value, why = value_of(name, text, known[name])
    if why then return nil, why end
    changes[name] = value
  end
  return changes
end
