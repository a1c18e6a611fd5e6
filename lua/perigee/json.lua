-- JSON of flat records: one object whose values are strings, numbers and booleans, on one line.

local json = {}

local unescapes = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}
local escapes = {}
for letter, char in pairs(unescapes) do if char ~= "/" then escapes[char] = "\\" .. letter end end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function value_text(key, value)
  local kind = math.type(value) or type(value)
  if kind == "string" then return quoted(value) end
  if kind == "integer" or kind == "boolean" then return tostring(value) end
  if kind == "float" and value == value and math.abs(value) < math.huge then return ("%.17g"):format(value) end
  error(("json: %s is %s; want a string, a finite number or a boolean"):format(key, tostring(value)), 3)
end

--- A record as one line without its end. Keys come in alphabetical order.
---@param record table<string, string|number|boolean> Any names; numbers are finite.
---@return string line The object.
function json.encode(record)
  local keys, parts = {}, {}
  for key in pairs(record) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do parts[i] = quoted(key) .. ":" .. value_text(key, record[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function read_string(text, place)
  local parts = {}
  while true do
    local plain, stop, after = text:match('^([^"\\%c]*)(["\\])()', place)
    if not plain then return nil end
    parts[#parts + 1] = plain
    if stop == '"' then return table.concat(parts), after end
    local letter = text:sub(after, after)
    local code = letter == "u" and text:match("^%x%x%x%x", after + 1)
    local char = code and utf8.char(tonumber(code, 16)) or unescapes[letter]
    if not char then return nil end
    parts[#parts + 1] = char
    place = after + (code and 5 or 1)
  end
end

local function read_value(text, place)
  if text:sub(place, place) == '"' then return read_string(text, place + 1) end
  local word, after = text:match("^([%w%.%+%-]+)()", place)
  if word == "true" or word == "false" then return word == "true", after end
  if word and word:match "^%-?%d" and not word:find "[xXpP]" then return tonumber(word), after end
end

--- The record of a line; nil and the reason where it is not one whole flat object.
---@param text string The line.
---@return table? record Values by name.
---@return string? reason Why there is none.
function json.decode(text)
  local record = {}
  local place = text:match "^%s*{%s*()"
  if not place then return nil, "it does not begin with {" end
  if text:match("^}%s*$", place) then return record end
  while true do
    local key, value, after
    if text:sub(place, place) ~= '"' then return nil, ("a name is wanted at character %d"):format(place) end
    key, after = read_string(text, place + 1)
    after = key and text:match("^%s*:%s*()", after)
    if not after then return nil, ("no name and colon at character %d"):format(place) end
    value, place = read_value(text, after)
    if value == nil or not place then return nil, ("no value at character %d"):format(after) end
    record[key] = value
    local mark, next_place = text:match("^%s*([,}])%s*()", place)
    if mark == "}" then
      if next_place <= #text then return nil, ("something follows the object at character %d"):format(next_place) end
      return record
    end
    if not mark then return nil, ("it breaks off at character %d"):format(place) end
    place = next_place
  end
end

return json
