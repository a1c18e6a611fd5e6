-- Options of functions written in Lua, described once: defaults and messages come from it.
--
--   local options = require "perigee.options"
--   return function(given)
--     local o = options.read("losses.hinge", given, { margin = 1 })
--     ...
--
-- An option without a default is `options.required` or `options.optional`; `options.one_of { "a", "b" }` takes one of
-- these, the first by default. Anything else that is given is an error of the caller.

local nearest_name = require "perigee.nearest_name"

local options = { required = {}, optional = {} }
local choice = {}

--- An option that takes one of a few names, the first if it is not given.
---@param names string[] The names.
---@return table option For the defaults of `options.read`.
function options.one_of(names) return setmetatable(names, choice) end

local function names(defaults)
  local list = {}
  for name in pairs(defaults) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function unknown(who, name, known)
  local nearest = type(name) == "string" and nearest_name(name, known)
  local advice = "it takes " .. (#known > 0 and table.concat(known, ", ") or "none")
  if nearest then advice = ("did you mean '%s'?"):format(nearest) end
  return ("%s: unknown option '%s', %s"):format(who, tostring(name), advice)
end

local function is_choice(default) return getmetatable(default) == choice end

local function check_choice(who, name, value, known, level)
  for _, one in ipairs(known) do
    if one == value then return end
  end
  local text = ("%s: option '%s' is %s; want one of %s"):format(who, name, tostring(value), table.concat(known, ", "))
  error(text, level)
end

--- What was given, and defaults for the rest.
---@param who string What messages call the function whose options these are.
---@param given? table What its caller gave.
---@param defaults table The default of each option there is, or `options.required`, `options.optional`,
--- `options.one_of { ... }`.
---@return table options A value for each option that has one.
function options.read(who, given, defaults)
  -- The caller of the function whose options these are.
  local level = 3
  if given ~= nil and type(given) ~= "table" then
    error(("%s: want a table of options, got %s"):format(who, type(given)), level)
  end
  local result = {}
  for name, value in pairs(given or {}) do
    if defaults[name] == nil then error(unknown(who, name, names(defaults)), level) end
    if is_choice(defaults[name]) then check_choice(who, name, value, defaults[name], level + 1) end
    result[name] = value
  end
  for name, default in pairs(defaults) do
    if result[name] == nil then
      if default == options.required then error(("%s: option '%s' is missing"):format(who, name), level) end
      if is_choice(default) then default = default[1] end
      if default ~= options.optional then result[name] = default end
    end
  end
  return result
end

return options
