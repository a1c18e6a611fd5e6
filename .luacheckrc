-- luacheck's settings: scripts/test runs it over lua/, Tests/Lua/ and scripts/bench-lua/.
std = "lua54"
max_line_length = 120
-- A script gets the library by `require "perigee"`; nothing is global.
files["lua/papers/settings"] = { std = "none" }
files["lua/types"] = { max_line_length = false, ignore = { "111", "112", "113", "121", "122", "131", "211", "212", "241" } }
