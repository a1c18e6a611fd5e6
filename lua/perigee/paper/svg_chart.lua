-- A figure as an SVG picture: a line for each series, its points marked where they are few.
--
--   local svg_chart = require "perigee.paper.svg_chart"
--   file:write(svg_chart { title = "Figure 8", x = "epoch", y = "rate", series = { ... } })     -- as for text_chart

local chart_scale = require "perigee.paper.chart_scale"

-- Okabe and Ito's colors, which people who do not see all colors can tell apart.
local colors = { "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442" }
local left, top, width, height, legend = 64, 36, 480, 280, 160

local function escaped(text) return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })) end

local function text(x, y, anchor, words, more)
  return ('<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>'):format(x, y, anchor, more or "", escaped(words))
end

local function line(x1, y1, x2, y2, color)
  return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>'):format(x1, y1, x2, y2, color)
end

local function add_axes(parts, figure, x, y, at_x, at_y)
  local bottom = top + height
  for _, value in ipairs(chart_scale.ticks(x, 6)) do
    parts[#parts + 1] = line(at_x(value), top, at_x(value), bottom, "#dddddd")
    parts[#parts + 1] = text(at_x(value), bottom + 16, "middle", chart_scale.label(value))
  end
  for _, value in ipairs(chart_scale.ticks(y, 6)) do
    parts[#parts + 1] = line(left, at_y(value), left + width, at_y(value), "#dddddd")
    parts[#parts + 1] = text(left - 6, at_y(value) + 4, "end", chart_scale.label(value))
  end
  parts[#parts + 1] = line(left, bottom, left + width, bottom, "#000000")
  parts[#parts + 1] = line(left, top, left, bottom, "#000000")
  parts[#parts + 1] = text(left, 20, "start", figure.title or "", ' font-weight="bold"')
  parts[#parts + 1] = text(left + width / 2, bottom + 34, "middle", figure.x)
  parts[#parts + 1] = text(14, top + height / 2, "middle", figure.y,
    (' transform="rotate(-90 14 %.1f)"'):format(top + height / 2))
end

local function add_series(parts, one, number, at_x, at_y)
  local color, places = colors[(number - 1) % #colors + 1], {}
  for i, point in ipairs(one.points) do
    local px, py = at_x(point[1]), at_y(point[2])
    places[i] = ("%.1f,%.1f"):format(px, py)
    if #one.points <= 40 then
      parts[#parts + 1] = ('<circle cx="%.1f" cy="%.1f" r="2.5" fill="%s"/>'):format(px, py, color)
    end
  end
  parts[#parts + 1] = ('<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>'):format(
    table.concat(places, " "), color)
  local x, y = left + width + 16, top + 12 + 18 * (number - 1)
  parts[#parts + 1] = line(x, y - 4, x + 18, y - 4, color)
  parts[#parts + 1] = text(x + 24, y, "start", one.name)
end

---@param figure perigee.paper.Figure The figure.
---@return string text The file.
return function(figure)
  local x, y = chart_scale.of_series(figure.series)
  local function at_x(value) return left + chart_scale.share(x, value) * width end
  local function at_y(value) return top + height - chart_scale.share(y, value) * height end
  local size = ('width="%d" height="%d"'):format(left + width + legend, top + height + 44)
  local parts = {
    ('<svg xmlns="http://www.w3.org/2000/svg" %s font-family="sans-serif" font-size="12">'):format(size),
    '<rect width="100%" height="100%" fill="#ffffff"/>',
  }
  add_axes(parts, figure, x, y, at_x, at_y)
  for number, one in ipairs(figure.series) do add_series(parts, one, number, at_x, at_y) end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts, "\n")
end
