-- A split with noise in its train part: wrong positives that are added, true ones that are taken away.
--
--   local noisy_split = require "perigee.paper.noisy_split"
--   local noisy = noisy_split(split, { share = 0.5, adds = true, removes = true, seed = 10 })
--
-- It is read from three files, which stay only until then; identifiers, validation and test are those of the split. An
-- item that only lost interactions had is in no part of it, and so in no list.

local perigee = require "perigee"
local folders = require "perigee.folders"

---@class perigee.paper.Noise
---@field share number Of each user's train items, how many are changed.
---@field adds? boolean Whether so many items that the user has in no part become positive.
---@field removes? boolean Whether so many positives are none.
---@field seed integer Of the choice.

local parts = { "train", "valid", "test" }

--- Some different items of a list that pass a test: a list, and a set.
local function draw(count, list, passes)
  local drawn, known = {}, {}
  while #drawn < count do
    local one = list[math.random(#list)]
    if not known[one] and passes(one) then
      known[one] = true
      drawn[#drawn + 1] = one
    end
  end
  return drawn, known
end

--- A user's train items with noise; `all` are the items of the data set.
local function noisy_items(split, user, all, noise)
  local clean, data = split:items_of(user), split.dataset
  local count, items, removed, added = math.floor(noise.share * #clean), {}, {}, {}
  if noise.removes then removed = select(2, draw(count, clean, function() return true end)) end
  if noise.adds then
    local room = #all - #data:items_of(user)
    added = draw(math.min(count, room), all, function(item) return not data:has(user, item) end)
  end
  for _, item in ipairs(clean) do
    if not removed[item] then items[#items + 1] = item end
  end
  return table.move(added, 1, #added, #items + 1, items)
end

local function write(split, folder, noise)
  local all = split.dataset:items()
  for _, part in ipairs(parts) do
    local path = ("%s/%s.tsv"):format(folder, part)
    folders.make_for(path)
    local file <close> = assert(io.open(path, "w"))
    for _, user in ipairs(split:users(part)) do
      local items = part == "train" and noisy_items(split, user, all, noise) or split:items_of(user, part)
      for _, item in ipairs(items) do assert(file:write(user, "\t", item, "\n")) end
    end
  end
end

---@param split Split The clean one.
---@param noise perigee.paper.Noise What is changed.
---@return Split noisy The split with noise.
return function(split, noise)
  local folder = os.tmpname()
  os.remove(folder)
  math.randomseed(noise.seed)
  write(split, folder, noise)
  local data = perigee.data.open(folder, { format = "table", separator = "\t", header = false, cache = false })
  for _, part in ipairs(parts) do os.remove(("%s/%s.tsv"):format(folder, part)) end
  os.remove(folder)
  return data:split { kind = "given" }
end
