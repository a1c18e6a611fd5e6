-- Memory of a loop that makes a million tensors of 1,000 numbers and keeps none of them.

local perigee = require "perigee"

local has_tensors, zeros = pcall(function() return perigee.zeros end)
if not has_tensors or not zeros then
  print("missing tensors were not measured: this build has no perigee.zeros")
  return
end
local began = perigee.seconds()
for _ = 1, 1000000 do zeros { 1000 } end
print(("perigee tensors %.6g s"):format(perigee.seconds() - began))
local _, peak = perigee.memory()
print(("perigee tensors_memory %.6g MB"):format(peak))
