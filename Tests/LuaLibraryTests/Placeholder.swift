import Testing

@testable import LuaLibrary
