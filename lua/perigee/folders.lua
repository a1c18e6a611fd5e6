-- Folders, which Lua itself knows nothing of.

local folders = {}

--- A word of the shell that stands for any text.
---@param text string The text, such as a path with blanks.
---@return string word In quotes.
function folders.quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- Makes a folder, and those that it lies in; one that is there already is as good.
---@param path string The folder.
function folders.make(path)
  if not os.execute("mkdir -p -- " .. folders.quoted(path)) then
    error(("cannot make the folder %s"):format(path), 2)
  end
end

--- Makes the folder that a file is to lie in.
---@param path string The file.
function folders.make_for(path)
  local folder = path:match "^(.*)/[^/]*$"
  if folder and folder ~= "" then folders.make(folder) end
end

--- Names of what lies in a folder.
---@param folder string The folder.
---@return string[] names None where there is no such folder.
function folders.list(folder)
  local names, pipe = {}, assert(io.popen("ls -- " .. folders.quoted(folder) .. " 2>/dev/null"))
  for name in pipe:lines() do names[#names + 1] = name end
  pipe:close()
  return names
end

return folders
