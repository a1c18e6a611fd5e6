-- Tables for the terminal: columns as wide as their longest entry, numbers to the right.
--
--   local text_table = require "perigee.text_table"
--   print(text_table.format({ "model", "recall" }, { { "mf", 0.172 }, { "ease", 0.165 } }))

local text_table = {}

--- A table as text.
---@param header string[] A title for each column.
---@param rows table[] Lists of strings or numbers; nil shows as "-".
---@return string text Lines, the last one without its end.
function text_table.format(header, rows)
  local widths, numeric = {}, {}
  local cells = {}
  for r = 0, #rows do
    local row = r == 0 and header or rows[r]
    cells[r] = {}
    for c = 1, #header do
      local text = row[c] == nil and "-" or tostring(row[c])
      cells[r][c] = text
      widths[c] = math.max(widths[c] or 0, utf8.len(text) or #text)
      if r > 0 and numeric[c] ~= false then numeric[c] = text == "-" or tonumber((text:gsub("[%%%+ ]", ""))) ~= nil end
    end
  end
  local lines = {}
  for r = 0, #rows do
    local parts = {}
    for c = 1, #header do
      local space = (" "):rep(widths[c] - (utf8.len(cells[r][c]) or #cells[r][c]))
      parts[c] = numeric[c] and space .. cells[r][c] or cells[r][c] .. space
    end
    lines[#lines + 1] = (table.concat(parts, "  "):gsub("%s+$", ""))
    if r == 0 then
      local rule = {}
      for c = 1, #header do rule[c] = ("-"):rep(widths[c]) end
      lines[#lines + 1] = table.concat(rule, "  ")
    end
  end
  return table.concat(lines, "\n")
end

--- How far a number is from another, as text such as "+1.2 %".
---@param value? number Ours.
---@param published? number What it is compared with.
---@return string? difference nil where one of them is not to be had.
function text_table.difference(value, published)
  if not value or not published then return nil end
  return ("%+.1f %%"):format((value / published - 1) * 100)
end

return text_table
