import LuaHost
import LuaLibrary
import TestSupport
import Testing

/// What a model hands to other programs and to people.
@Suite struct ExportBindingTests: TrainingScripts {
  static let prelude = """
    local perigee = require "perigee"
    local model = perigee.models.mf { data = split, dim = 7, score = "dot", init = { std = 0.5 }, seed = 3 }
    local function lines(path) local all = {} for line in io.lines(path) do all[#all + 1] = line end return all end
    local function same(a, b) return (a - b):abs():max():item() == 0 end

    """
  private let folder = TemporaryFolder()

  @Test func rowsComeBackToTheBit() throws {
    let values = try run(
      """
      local path = "\(folder.path)/rows"
      model:export(path .. ".safetensors")
      local tensors, about = perigee.read_safetensors(path .. ".safetensors")
      local users, items = model:user_embeddings(), model:item_embeddings()
      assert(about.model == "mf" and about.score == "dot" and about.checksum == split.dataset.checksum)
      local first = split.dataset:items()[1]
      assert(about.items_identifiers:sub(1, #first + 3) == '["' .. first .. '"', about.items_identifiers:sub(1, 20))
      model:export(path .. ".npy", { part = "items" })
      local names = lines(path .. ".ids.txt")
      model:export(path .. ".txt", { part = "users" })
      local words = lines(path .. ".txt")
      local numbers = {}
      for number in words[2]:gmatch "%S+" do numbers[#numbers + 1] = number end
      model:export(path .. ".csv", { part = "items" })
      local table_of_items = lines(path .. ".csv")
      model:export(path .. "-all.safetensors", { what = "parameters" })
      local all = perigee.read_safetensors(path .. "-all.safetensors")
      return same(tensors.users, users) and same(tensors.items, items), same(perigee.read_npy(path .. ".npy"), items),
        #names == #split.dataset:items() and names[1] == first, words[1] == users.shape[1] .. " 7",
        numbers[1] == split.dataset:users()[1] and tonumber(numbers[2]) and #numbers == 8,
        math.abs(tonumber(numbers[8]) - users[1][7]) < 1e-7, #table_of_items == 1 + items.shape[1],
        table_of_items[1]:sub(1, 4) == "item", same(all.user, model.parameters.user:tensor())
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true, true, true, true, true])
  }

  @Test func listsOfAllUsersAreThoseOfTheModel() throws {
    let values = try run(
      """
      local path = "\(folder.path)/lists"
      model:export_lists(path .. ".run", { k = 10, tag = "mine", mask = "train" })
      local wanted = { metrics = { "recall@10", "ndcg@10" }, mask = "train" }
      local own = perigee.evaluate(model, split, wanted)
      local other = perigee.evaluate_lists(path .. ".run", split, { metrics = wanted.metrics })
      local user = split:users()[3]
      model:export_lists(path .. ".csv", { k = 2, users = { user } })
      model:export_lists(path .. ".jsonl", { k = 2, users = { user } })
      local best = model:recommend(user, { k = 2 })
      local rows, objects = lines(path .. ".csv"), lines(path .. ".jsonl")
      return own["ndcg@10"] == other["ndcg@10"], own["recall@10"] == other["recall@10"], #rows == 3,
        rows[2]:find(user .. ",1," .. best[1].item .. ",", 1, true) == 1, #objects == 1,
        objects[1]:find('{"user":"' .. user .. '","items":[{"item":"' .. best[1].item .. '","score":', 1, true) == 1
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true, true])
  }

  @Test func similarItemsPointTheSameWay() throws {
    let values = try run(
      """
      local items = split.dataset:items()
      local rows = model:item_embeddings()
      local function cosine(a, b)
        local x, y = rows[a], rows[b]
        return ((x * y):sum() / ((x * x):sum():sqrt() * (y * y):sum():sqrt())):item()
      end
      local all = {}
      for i = 2, #items do all[#all + 1] = { item = items[i], score = cosine(1, i) } end
      table.sort(all, function(a, b) return a.score > b.score end)
      local found = model:similar(items[1], { k = 5 })
      local right = #found == 5
      for i = 1, 5 do
        right = right and found[i].item == all[i].item and math.abs(found[i].score - all[i].score) < 1e-5
      end
      return right, #model:similar(items[1], { k = 100000 }) == #items - 1, tostring(found):find("score", 1, true) ~= nil
      """)
    #expect(values.map(\.asBoolean) == [true, true, true])
  }

  @Test func titlesAreFound() throws {
    let titled = folder.write(
      "titled.csv",
      "user,item,title\na,1,Star Wars\nb,1,Star Wars\na,2,\nc,3,STAR trek\nb,4,A star\nc,4,A star\na,4,A star\n")
    let plain = folder.write("plain.csv", "user,item\na,1\nb,2\n")
    let values = try run(
      """
      local titled, plain = perigee.data.open "\(titled)", perigee.data.open "\(plain)"
      local refused = select(2, pcall(plain.find, plain, "star"))
      local found = titled:find "Star"
      return tostring(refused):find("has no titles", 1, true) ~= nil, #found == 3, found[1].item == "4" and found[1].users == 3,
        found[2].title == "Star Wars" and found[3].title == "STAR trek", #titled:find("star", { k = 1 }) == 1,
        #titled:find "nothing" == 0, tostring(found):find("A star", 1, true) ~= nil
      """)
    #expect(values.map(\.asBoolean) == [true, true, true, true, true, true, true])
  }

  @Test func whatCannotBeWrittenIsRefused() {
    #expect(message("model:export 'x.bin'").contains("want a name that ends in .safetensors"))
    #expect(message("model:export 'x.npy'").contains("say part = \"users\""))
    #expect(message("model:export('x.npy', { what = 'parameters' })").contains(".safetensors"))
    #expect(message("model:export('x.safetensors', { what = 'parameters', part = 'users' })").contains("leave it out"))
    #expect(message("model:export('\(folder.path)/no/such/x.safetensors')").contains("cannot be written"))
    #expect(message("model:export_lists 'x.txt'").contains("want a name that ends in .csv"))
    #expect(message("model:export_lists('x.run', { tag = 'two words' })").contains("one word"))
    #expect(message("model:export_lists('x.run', { users = { 'nobody' } })").contains("nobody"))
    #expect(message("perigee.models.popularity { data = split }:export 'x.npy'").contains("no rows of users and items"))
    #expect(message("perigee.read_safetensors '\(folder.path)/none'").contains("none"))
    #expect(message("perigee.write_safetensors('x.safetensors', { x = 3 })").contains("tensors"))
  }
}
