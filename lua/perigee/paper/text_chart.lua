-- A figure for the terminal: a letter for each series, the later one on top where two meet.
--
--   local text_chart = require "perigee.paper.text_chart"
--   print(text_chart { x = "epoch", y = "rate", series = { { name = "BPR", points = { { 1, 0.5 }, { 2, 0.3 } } } } })

local chart_scale = require "perigee.paper.chart_scale"

local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

local function letter(number) return letters:sub((number - 1) % #letters + 1, (number - 1) % #letters + 1) end

--- Rows of characters, the highest first, with the points of all series in them.
local function canvas(series, x, y, width, height)
  local rows = {}
  for r = 1, height do
    rows[r] = {}
    for c = 1, width do rows[r][c] = " " end
  end
  for number, one in ipairs(series) do
    for _, point in ipairs(one.points) do
      local column = 1 + math.floor(chart_scale.share(x, point[1]) * (width - 1) + 0.5)
      local row = height - math.floor(chart_scale.share(y, point[2]) * (height - 1) + 0.5)
      rows[row][column] = letter(number)
    end
  end
  return rows
end

---@class perigee.paper.text_chart.Size
---@field width? integer Characters between the axes, 64 if left out.
---@field height? integer Lines between them, 14 if left out.

---@param figure perigee.paper.Figure The figure.
---@param size? perigee.paper.text_chart.Size How large it is.
---@return string text Lines, the last one without its end.
return function(figure, size)
  local width, height = size and size.width or 64, size and size.height or 14
  local x, y = chart_scale.of_series(figure.series)
  local low, high = chart_scale.label(y.low), chart_scale.label(y.high)
  local margin = math.max(#low, #high)
  local lines = { figure.y }
  for r, row in ipairs(canvas(figure.series, x, y, width, height)) do
    local label = r == 1 and high or r == height and low or ""
    lines[#lines + 1] = ((" "):rep(margin - #label) .. label .. " |" .. table.concat(row)):gsub("%s+$", "")
  end
  lines[#lines + 1] = (" "):rep(margin + 1) .. "+" .. ("-"):rep(width)
  local left, right = chart_scale.label(x.low), chart_scale.label(x.high)
  local space = math.max(1, width - #left - #right)
  lines[#lines + 1] = (" "):rep(margin + 2) .. left .. (" "):rep(space) .. right .. "  " .. figure.x
  local names = {}
  for number, one in ipairs(figure.series) do names[number] = letter(number) .. " " .. one.name end
  lines[#lines + 1] = (" "):rep(margin + 2) .. table.concat(names, "   ")
  return table.concat(lines, "\n")
end
