import LuaHost
import LuaLibrary
import Testing

/// Sets made from a script's columns, filters by function and date, saved splits.
@Suite struct DataWorkTests {
  let folder = DataFolder()

  func run(_ source: String) throws -> [LuaValue] {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.globals.set("folder", folder.path)
    return try state.run("local perigee = require 'perigee' local data = perigee.data\n" + source, name: "t.lua")
  }

  func message(_ source: String) -> String {
    do {
      return "no error: \(try run(source))"
    } catch { return (error as? LuaError)?.message ?? "\(error)" }
  }

  static let made = """
    local d = data.from {
      users = { "ann", "ann", "ben", 7, "ann" }, items = perigee.tensor { 1, 2, 1, 3, 2 }, ratings = { 4, 5, 3, 2.5, 1 },
      times = { 100, 200.9, "1970-01-01T00:05:00Z", "1970-01-01 01:06:40+01:00", 7 }, name = "mine",
    }

    """

  @Test func aSetIsMadeOfColumns() throws {
    let values = try run(
      Self.made + """
        return tostring(d), d.name, table.concat(d:users(), " "), table.concat(d:items(), " "), d:rating("ann", 2), d:time("ann", 2),
          d:time("ben", 1), d:time("7", 3), d:statistics().duplicates, d:provenance().format, #d.checksum
        """)
    #expect(
      values == [
        "Dataset(3 users, 3 items, 4 interactions)", "mine", "ann ben 7", "1 2 3", 5, 200, 300, 400, 1, "columns", 16,
      ])
  }

  @Test func badColumnsAreNamedWithTheirPlace() {
    let from = "t.lua:2: perigee.data.from: "
    func wrong(_ options: String) -> String { message("data.from { \(options) }") }
    #expect(wrong("users = {}, items = {}") == from + "users is empty; give a user and an item for each interaction")
    #expect(
      wrong("users = { 1, 2 }, items = { 1 }")
        == from + "users has 2 entries and items has 1; give as many of each, one for each interaction")
    #expect(
      wrong("users = { 1, 0/0 }, items = { 1, 2 }")
        == from + "users: entry [2] is nan, want the identifier of a user, a string or a whole number")
    #expect(wrong("users = { 1, 1.5 }, items = { 1, 2 }").contains("users: entry [2] is 1.5, want"))
    #expect(wrong("users = { 1, '' }, items = { 1, 2 }").contains("users: entry [2] is \"\", want"))
    #expect(wrong("users = { 1, nil, 3 }, items = { 1, 2, 3 }").contains("users: entry [2] is nil, want"))
    #expect(wrong("users = { 1, {} }, items = { 1, 2 }").contains("users: entry [2] is a table, want"))
    #expect(wrong("users = { 1, x = 3 }, items = { 1 }").contains("users: want a list, but it has the key \"x\""))
    #expect(
      wrong("users = { 1 }, items = { 1 }, ratings = { 0/0 }").contains(
        "ratings: entry [1] is nan, want a finite number"))
    #expect(wrong("users = { 1 }, items = { 1 }, ratings = { 1e300 }").contains("ratings: entry [1] is 1e+300, want"))
    #expect(
      wrong("users = { 1, 2 }, items = { 1, 2 }, times = { 5, '2015-02-30' }")
        == from
        + "times: entry [2] is \"2015-02-30\", want a number or a date as 2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00"
    )
    #expect(wrong("users = { 1 }, items = { 1 }, times = { 1/0 }").contains("times: entry [1] is inf, want"))
    #expect(
      wrong("users = { 1 }, items = perigee.tensor { 16777216 }").contains(
        "items: entry [1] is 16777216.0, and a tensor's numbers are exact below 16777216 only: give a list"))
    #expect(wrong("users = { 1 }, items = perigee.tensor { 0.5 }").contains("items: entry [1] is 0.5, want"))
    #expect(wrong("users = { 1 }, items = perigee.ones { 1, 1 }").contains("items: want a tensor of one axis"))
    #expect(wrong("users = 'ann', items = { 1 }").contains("users: want a table"))
  }

  @Test func aFunctionSaysWhatStays() throws {
    let values = try run(
      Self.made + """
        local seen = {}
        local f = d:filter { keep = function(i)
          seen[#seen + 1] = ("%s/%s/%s/%s"):format(i.user, i.item, i.rating, i.time)
          return i.item ~= "2"
        end }
        local both = d:filter { min_rating = 3, min_per_user = 1, min_per_item = 2, keep = function(i) return i.time ~= 7 end }
        local bare = data.from { users = { 1, 2 }, items = { 1, 2 } }:filter { keep = function(i) return i.rating == nil and i.time == nil end }
        return table.concat(seen, " "), tostring(f), table.concat(f:items(), " "), tostring(both), f:provenance().notes[1], bare.count
        """)
    #expect(
      values == [
        "ann/1/4.0/100 ann/2/5.0/200 ben/1/3.0/300 7/3/2.5/400", "Dataset(3 users, 2 items, 3 interactions)", "1 3",
        "Dataset(2 users, 1 items, 2 interactions)", "filter(keep = function of t.lua:7)", 2,
      ])
  }

  /// Beside a slow version in Lua, on random sets: ratings and times first, then the function, then counts until nothing changes.
  @Test func filtersAreWhatASlowVersionSays() throws {
    let values = try run(
      """
      local wrong, asked_wrongly = 0, 0
      for seed = 1, 30 do
        math.randomseed(seed)
        local users, items, ratings, times, pairs_of = {}, {}, {}, {}, {}
        for _ = 1, 150 do
          local u, i = math.random(15), math.random(12)
          if not pairs_of[u * 100 + i] then
            pairs_of[u * 100 + i] = true
            users[#users + 1], items[#items + 1], ratings[#ratings + 1], times[#times + 1] = u, i, math.random(5), math.random(50)
          end
        end
        local d = data.from { users = users, items = items, ratings = ratings, times = times }
        local least, from, before, per_user, per_item = math.random(2), math.random(10), math.random(40, 60), math.random(0, 3), math.random(0, 3)
        local function keep(i)
          if i.rating < least or i.time < from or i.time >= before then asked_wrongly = asked_wrongly + 1 end
          return (tonumber(i.user) + tonumber(i.item) + i.time) % 3 > 0
        end
        local stays = {}
        for n = 1, #users do
          stays[n] = ratings[n] >= least and times[n] >= from and times[n] < before and (users[n] + items[n] + times[n]) % 3 > 0
        end
        local changed = true
        while changed do
          changed = false
          for n = 1, #users do
            local of_user, of_item = 0, 0
            for m = 1, #users do
              if stays[m] and users[m] == users[n] then of_user = of_user + 1 end
              if stays[m] and items[m] == items[n] then of_item = of_item + 1 end
            end
            if stays[n] and (of_user < per_user or of_item < per_item) then stays[n], changed = false, true end
          end
        end
        local f = d:filter { min_rating = least, from = from, before = before, keep = keep, min_per_user = per_user, min_per_item = per_item }
        local count = 0
        for n = 1, #users do
          if stays[n] then
            count = count + 1
            if not pcall(f.has, f, users[n], items[n]) or not f:has(users[n], items[n]) then wrong = wrong + 1 end
          end
        end
        if count ~= f.count then wrong = wrong + 1 end
      end
      return wrong, asked_wrongly
      """)
    #expect(values == [0, 0])
  }

  @Test func whatAFunctionMayNotSayIsRefused() {
    func wrong(_ body: String) -> String { message(Self.made + "d:filter { keep = function(i) \(body) end }") }
    #expect(
      wrong("return i.rating")
        == "t.lua:6: Dataset:filter: keep: the function must return true or false, it returned number for user \"ann\" and item \"1\""
    )
    #expect(wrong("").contains("it returned nil for user"))
    #expect(wrong("error 'no luck'").contains("no luck"))
    #expect(
      wrong("return i.item == 5").contains("leaves nothing of Dataset(3 users, 3 items, 4 interactions); ask for less"))
    #expect(message(Self.made + "d:filter { keep = true }").contains("keep: want a function"))
  }

  @Test func aFunctionMayUseTheSetItself() throws {
    let values = try run(
      Self.made + """
        local f = d:filter { keep = function(i)
          return d:filter({ keep = function(j) return j.user == i.user end }).count > 1 and d:split { kind = "ratio", seed = 1 } ~= nil
        end }
        return table.concat(f:users(), " ")
        """)
    #expect(values == ["ann"])
  }

  @Test func timesMayBeDates() throws {
    let values = try run(
      """
      local d = data.from { users = { 1, 1, 1, 2 }, items = { 1, 2, 3, 1 }, times = { "2014-12-31", "2015-01-01", "2015-06-01T00:30:00+01:00", "2016-01-01" } }
      local function count(options) return d:filter(options).count end
      return count { from = "2015-01-01" }, count { before = "2015-01-01" }, count { from = "2015-01-01", before = "2015-05-31T23:30:00Z" },
        count { from = "1999-01-01", before = "2030-01-01" }, count { before = d:time(1, 2) },
        d:split({ kind = "temporal", test_from = "2015-06-01", valid_from = "2015-01-01T01:00:00+01:00" }).valid_count
      """)
    #expect(values == [3, 1, 1, 4, 1, 2])
    let open = "local d = data.from { users = { 1, 1 }, items = { 1, 2 }, times = { 1, 2 } }\n"
    #expect(
      message(open + "d:filter { from = '2015-01-01' }").contains(
        "the date \"2015-01-01\" is 1420070400 seconds after 1970, and the data's times are from 1 to 2"))
    #expect(
      message(open + "d:filter { from = '2015-13-01' }")
        == "t.lua:3: Dataset:filter: from: want a time in the data's unit or a date as 2015-01-31, 2015-01-31 12:30:00 or 2015-01-31T12:30:00+02:00, got \"2015-13-01\""
    )
    #expect(
      message("data.from({ users = { 1 }, items = { 1 } }):filter { before = 5 }").contains(
        "filter(before = 5) needs times, and the data set \"from\" has none; leave the time out"))
  }

  @Test func theLatestGoToTest() throws {
    let values = try run(
      """
      local d = data.from { users = { 1, 1, 1, 1, 1, 2 }, items = { 5, 4, 3, 2, 1, 1 }, times = { 50, 40, 30, 20, 10, 99 } }
      local s = d:split { kind = "ratio", test = 0.2, valid = 0.2, by = "latest" }
      return s.rule, table.concat(s:items_of(1, "test"), " "), table.concat(s:items_of(1, "valid"), " "), #s:items_of(2, "test")
      """)
    #expect(values == ["ratio(test = 0.2, valid = 0.2, by = latest, seed = 0)", "5", "4", 0])
    #expect(
      message("data.from({ users = { 1 }, items = { 1 } }):split { kind = 'ratio', by = 'latest' }").contains(
        "ratio with by = \"latest\" needs the time of each interaction"))
  }

  @Test func aSplitIsSavedAndOpenedAgain() throws {
    let values = try run(
      Self.made + """
        local split = d:split { kind = "ratio", test = 0.5, by = "latest" }
        local same = split:save(folder .. "/saved") == split
        local again = data.open(folder .. "/saved"):split { kind = "given" }
        local first = perigee.models.mf { data = split, dim = 4, seed = 1 }
        first:save(folder .. "/model")
        first = perigee.load(folder .. "/model", { data = again })
        os.remove(folder .. "/model")
        local files = io.open(folder .. "/saved/test.csv"):read "a"
        for _, name in ipairs { "train.csv", "test.csv", "user_catalog.csv", "item_catalog.csv", "README.txt" } do
          assert(os.remove(folder .. "/saved/" .. name))
        end
        assert(os.remove(folder .. "/saved"))
        return same, tostring(again), files, again.dataset:time("ann", 1), #first:recommend("ann", { k = 1 })
        """)
    #expect(
      values == [
        true, "Split(given: 3 users, 3 items, 3 train, 1 test)", "user,item,rating,timestamp\nann,2,5,200\n", 100, 1,
      ])
  }

  @Test func trainingOnASavedSplitHasTheSameBits() throws {
    let values = try run(
      """
      local split = data.synthetic({ users = 60, items = 100, interactions_per_user = 8, seed = 3 }):split { kind = "ratio", valid = 0.1, by = "latest" }
      split:save(folder .. "/same")
      local again = data.open(folder .. "/same"):split { kind = "given" }
      for _, name in ipairs { "train.csv", "valid.csv", "test.csv", "user_catalog.csv", "item_catalog.csv", "README.txt" } do
        assert(os.remove(folder .. "/same/" .. name))
      end
      assert(os.remove(folder .. "/same"))
      local function trained(split)
        local model = perigee.models.mf { data = split, dim = 8, seed = 1 }
        local trainer = perigee.trainer {
          model = model, loss = perigee.losses.bpr {}, sampler = perigee.samplers.popularity { count = 3 },
          optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = 32, seed = 1, weight = { half_life = 10 },
        }
        trainer:run { epochs = 3, progress = false, store = false }
        return trainer.history[3].loss, perigee.evaluate(model, split, { on = "valid" })["ndcg@20"]
      end
      local loss, ndcg = trained(split)
      local loss_again, ndcg_again = trained(again)
      return loss == loss_again, ndcg == ndcg_again, again.valid_count == split.valid_count
      """)
    #expect(values == [true, true, true])
  }

  @Test func columnsByTheNamesOfTheHeader() throws {
    folder.write(
      "a.csv", "\"userId\",\"movieId\",\"the rating, 1 to 5\",\"timestamp\"\n1,2,4,\"2015-01-31\"\n1,3,5,2015-02-01\n")
    folder.write("b.tsv", "\"who\"\t\"what\"\n1\t2\n")
    let values = try run(
      """
      local d = data.open(folder .. "/a.csv", { columns = { user = "userId", item = "movieId", time = "timestamp", rating = "the rating, 1 to 5" } })
      local t = data.open(folder .. "/b.tsv", { columns = { user = "who", item = "what" } })
      local list = data.open(folder .. "/a.csv", { columns = { "user", "item", "_", "time" } })
      return d:time(1, 2), d:rating(1, 3), t.count, list.has_times, list.has_ratings
      """)
    #expect(values == [1_422_662_400, 5, 1, true, false])
    #expect(
      message("data.open(folder .. '/a.csv', { columns = { user = 'userID', item = 'movieId' } })").contains(
        "has no column \"userID\", did you mean \"userId\"?; its columns are userId, movieId, the rating, 1 to 5, timestamp"
      ))
    #expect(
      message("data.open(folder .. '/a.csv', { columns = { item = 2, time = 4, timestamp = 4 } })").contains(
        "columns names both time and timestamp; name one of them"))
  }
}
