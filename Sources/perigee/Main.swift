import LuaLibrary

@main struct Main { static func main() { print("perigee") } }
