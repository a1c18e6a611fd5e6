-- Command-line options of stock scripts, described once: parsing, defaults, --help and messages come from it.
--
--   local arguments = require "perigee.arguments"
--   local options = arguments.parse(arg, {
--     name = "mml.lua", summary = "What it does.",
--     { "dataset", "NAME", default = "ml-100k", help = "..." },
--     { "epochs", "N", kind = "integer", help = "..." },
--     { "quick", help = "..." },                                  -- no value: a switch
--   })

local nearest_name = require "perigee.nearest_name"

---@class perigee.arguments.Description
---@field name string What messages and `--help` call the script.
---@field summary string What it does, in one sentence.
---@field notes? string What stands below the options in `--help`.
---@field [integer] perigee.arguments.Option The options, in the order of `--help`.

---@class perigee.arguments.Option
---@field [1] string The option's name, without its dashes.
---@field [2]? string What `--help` calls its value; an option without one is a switch.
---@field kind? "integer"|"number"|"list" What the value becomes; text if left out. A list has
--- commas between its entries.
---@field least? number The smallest number that is taken.
---@field default? any The value where the option is not given.
---@field help string What it is for.

local arguments = {}

local function nearest(name, description)
  local known = {}
  for _, option in ipairs(description) do known[#known + 1] = option[1] end
  local best = nearest_name(name, known)
  return best and (", did you mean '--%s'?"):format(best) or ""
end

local function fail(description, message, ...)
  io.stderr:write(description.name, ": ", message:format(...), "\n")
  io.stderr:write("--help lists the options\n")
  os.exit(2, true)
end

--- Text of `--help`.
---@param description perigee.arguments.Description What there is to say.
---@return string text Lines, the last one without its end.
function arguments.help(description)
  local lines = { ("%s: %s"):format(description.name, description.summary), "", "Options:" }
  local rows, width = { { "--help", "This text." } }, 6
  for _, option in ipairs(description) do
    local left = "--" .. option[1] .. (option[2] and (" " .. option[2]) or "")
    local right = option.help
    if option.default ~= nil then right = ("%s Default: %s."):format(right, tostring(option.default)) end
    rows[#rows + 1] = { left, right }
    width = math.max(width, #left)
  end
  for _, row in ipairs(rows) do lines[#lines + 1] = ("  %-" .. width .. "s  %s"):format(row[1], row[2]) end
  if description.notes then lines[#lines + 1] = "\n" .. description.notes end
  return table.concat(lines, "\n")
end

local function convert(description, option, text)
  if option.kind == "integer" then
    local number = math.tointeger(tonumber(text))
    if not number then fail(description, "--%s wants a whole number, got '%s'", option[1], text) end
    if option.least and number < option.least then
      fail(description, "--%s wants at least %d, got %d", option[1], option.least, number)
    end
    return number
  elseif option.kind == "number" then
    local number = tonumber(text)
    if not number or number ~= number then fail(description, "--%s wants a number, got '%s'", option[1], text) end
    if option.least and number < option.least then
      fail(description, "--%s wants at least %g, got %s", option[1], option.least, text)
    end
    return number
  elseif option.kind == "list" then
    local list = {}
    for entry in text:gmatch "[^,]+" do list[#list + 1] = entry end
    return list
  end
  return text
end

--- Reads a command line. Ends the process with a message on wrong input, and after `--help`.
---@param list string[] The words of the command line, such as `arg`.
---@param description perigee.arguments.Description Which options there are.
---@return table options Values by name, with dashes as underscores.
function arguments.parse(list, description)
  local known, values = {}, {}
  for _, option in ipairs(description) do
    known[option[1]] = option
    values[option[1]:gsub("-", "_")] = option.default
  end
  local i = 1
  while i <= #list do
    local word = list[i]
    if word == "--help" or word == "-h" then
      print(arguments.help(description))
      os.exit(0, true)
    end
    local name, value = word:match "^%-%-([^=]+)=(.*)$"
    if not name then name = word:match "^%-%-(.+)$" end
    if not name then fail(description, "unexpected argument '%s'; options begin with --", word) end
    local option = known[name]
    if not option then fail(description, "unknown option '--%s'%s", name, nearest(name, description)) end
    local key = name:gsub("-", "_")
    if not option[2] then
      if value then fail(description, "--%s takes no value", name) end
      values[key] = true
    else
      if not value then
        i = i + 1
        value = list[i]
      end
      if not value then fail(description, "--%s wants a value: --%s %s", name, name, option[2]) end
      values[key] = convert(description, option, value)
    end
    i = i + 1
  end
  return values
end

return arguments
