-- What the charts of a paper's figures have in common: how far their axes reach, and round numbers to mark on them.
--
--   local chart_scale = require "perigee.paper.chart_scale"
--   local x, y = chart_scale.of_series(figure.series)            -- { low = ..., high = ... } each
--   for _, value in ipairs(chart_scale.ticks(x, 5)) do ... end

---@class perigee.paper.Scale
---@field low number Where the range begins.
---@field high number Where it ends.

local chart_scale = {}

local function widen(scale, value)
  scale.low, scale.high = math.min(scale.low, value), math.max(scale.high, value)
end

local function settled(scale)
  if scale.low > scale.high then return { low = 0, high = 1 } end
  if scale.low == scale.high then return { low = scale.low - 0.5, high = scale.high + 0.5 } end
  return scale
end

--- The ranges of x and y over all points. A range without extent is made one wide; no points at all span 0 to 1.
---@param series table[] Series with `points`, pairs of x and y.
---@return perigee.paper.Scale x The range of x.
---@return perigee.paper.Scale y The range of y.
function chart_scale.of_series(series)
  local x, y = { low = math.huge, high = -math.huge }, { low = math.huge, high = -math.huge }
  for _, one in ipairs(series) do
    for _, point in ipairs(one.points) do
      widen(x, point[1])
      widen(y, point[2])
    end
  end
  return settled(x), settled(y)
end

--- Round numbers within a range: 1, 2 or 5 times a power of 10 apart.
---@param scale perigee.paper.Scale The range.
---@param count integer About how many.
---@return number[] ticks In order.
function chart_scale.ticks(scale, count)
  local rough = (scale.high - scale.low) / count
  local power = 10 ^ math.floor(math.log(rough, 10))
  local step = power * 10
  for _, factor in ipairs { 1, 2, 5 } do
    if factor * power >= rough then
      step = factor * power
      break
    end
  end
  local ticks = {}
  for i = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9) do ticks[#ticks + 1] = i * step end
  return ticks
end

--- Where a value stands in a range, 0 at its low end and 1 at its high one.
---@param scale perigee.paper.Scale The range.
---@param value number The value.
---@return number share Not bounded.
function chart_scale.share(scale, value) return (value - scale.low) / (scale.high - scale.low) end

--- A number as short as a label can be.
---@param value number The number.
---@return string text Four digits that count.
function chart_scale.label(value) return ("%.4g"):format(value == 0 and 0 or value) end

return chart_scale
