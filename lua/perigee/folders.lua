-- Folders, which Lua itself knows nothing of.

local folders = {}

--- A word of the shell that stands for any text.
function folders.quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

--- Makes a folder, and those that it lies in; one that is there already is as good.
function folders.make(path)
  if not os.execute("mkdir -p -- " .. folders.quoted(path)) then
    error(("cannot make the folder %s"):format(path), 2)
  end
end

--- Makes the folder that a file is to lie in.
function folders.make_for(path)
  local folder = path:match "^(.*)/[^/]*$"
  if folder and folder ~= "" then folders.make(folder) end
end

return folders
