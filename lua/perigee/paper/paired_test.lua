-- Whether two models differ by more than chance: Student's t-test of pairs, one pair for each user.
--
--   local paired_test = require "perigee.paper.paired_test"
--   local test = paired_test(values_of_one, values_of_other)         -- lists, user by user
--   print(test.difference, test.t, test.p)

-- Lanczos' approximation of ln Γ(x), x > 0, to about 15 digits (g = 7, 9 terms).
local lanczos = {
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
}
local function log_gamma(x)
  if x < 0.5 then return math.log(math.pi / math.sin(math.pi * x)) - log_gamma(1 - x) end
  local sum = lanczos[1]
  for i = 2, #lanczos do sum = sum + lanczos[i] / (x + i - 2) end
  local t = x + 6.5
  return 0.5 * math.log(2 * math.pi) + (x - 0.5) * math.log(t) - t + math.log(sum)
end

-- Lentz' evaluation of the continued fraction of the incomplete beta function, right for x < (a + 1) / (a + b + 2).
local function beta_fraction(a, b, x)
  local function away_from_zero(value) return math.abs(value) < 1e-300 and 1e-300 or value end
  local c, d = 1, 1 / away_from_zero(1 - (a + b) * x / (a + 1))
  local result = d
  for m = 1, 10000 do
    local even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    local odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    local step
    for _, term in ipairs { even, odd } do
      d = 1 / away_from_zero(1 + term * d)
      c = away_from_zero(1 + term / c)
      step = c * d
      result = result * step
    end
    if math.abs(step - 1) < 1e-15 then break end
  end
  return result
end

-- I_x(a, b), the regularized incomplete beta function; y = 1 - x is given for what x leaves of it.
local function beta(a, b, x, y)
  if x <= 0 then return 0 end
  if y <= 0 then return 1 end
  local front = math.exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * math.log(x) + b * math.log(y))
  if x < (a + 1) / (a + b + 2) then return front * beta_fraction(a, b, x) / a end
  return 1 - front * beta_fraction(b, a, y) / b
end

local function mean_of(list)
  local sum = 0
  for i = 1, #list do sum = sum + list[i] end
  return sum / #list
end

--- Where all differences are the same there is no spread to measure by: p is 1 if they are 0, else 0.
---@param one number[] A value for each user.
---@param other number[] The same users' values of the other model.
---@return table test `difference`, the mean of one - other; `t`; `p`, how likely a |t| as large is where there is none,
--- of both sides; `users`.
return function(one, other)
  if #one ~= #other or #one < 2 then
    error(("paired_test: want two lists of the same users, at least 2, got %d and %d"):format(#one, #other), 2)
  end
  local differences = {}
  for i = 1, #one do differences[i] = one[i] - other[i] end
  local mean, squares = mean_of(differences), 0
  for _, difference in ipairs(differences) do squares = squares + (difference - mean) ^ 2 end
  local freedom = #one - 1
  local error_of_mean = math.sqrt(squares / freedom / #one)
  local result = { difference = mean, users = #one }
  if error_of_mean == 0 then
    result.t, result.p = mean == 0 and 0 or mean * math.huge, mean == 0 and 1 or 0
  else
    result.t = mean / error_of_mean
    local sum = freedom + result.t ^ 2
    result.p = beta(freedom / 2, 0.5, freedom / sum, result.t ^ 2 / sum)
  end
  return result
end
