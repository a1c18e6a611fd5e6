-- A short name for a long text, such as a row's key: FNV-1a of 64 bits, as 16 digits.

return function(text)
  local result = 0xcbf29ce484222325
  for i = 1, #text do result = (result ~ text:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(result)
end
