-- A short name for a long text, such as a row's key: FNV-1a of 64 bits, as 16 digits.
--
--   local text_hash = require "perigee.text_hash"
--   text_hash "gowalla"        -- the same at any time and on any machine

---@param text string Any text.
---@return string digits Hexadecimal.
return function(text)
  local result = 0xcbf29ce484222325
  for i = 1, #text do result = (result ~ text:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(result)
end
