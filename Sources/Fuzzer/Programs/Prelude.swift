/// What programs are written in terms of. It runs once for each state, with all libraries; programs see only what it gives them, so
/// they reach no file, process or code but through the library itself.
enum Prelude {
  /// How messages begin that are about the fuzzer itself.
  static let ownFailure = "the fuzzer wrote"

  static let text = #"""
    local perigee, host = ...
    local spent, accepted, refused, problem, began = 0, 0, 0, nil, nil
    local budget = 400
    local pack, unpack = table.pack, table.unpack

    -- Every call of the library goes through here.
    local function finish(ok, ...)
      if began == nil then began = ok end
      if ok then
        accepted = accepted + 1
        return ...
      end
      refused = refused + 1
      problem = (...)
    end
    local function attempt(number, f, ...)
      spent = spent + 1
      if spent > budget then error("the program has used up its calls", 0) end
      host.at(number)
      return finish(pcall(f, ...))
    end

    local functions = {}
    local function resolve(label)
      local f = functions[label]
      if f then return f end
      f = { perigee = perigee }
      for part in label:gmatch "[^.]+" do f = f[part] end
      functions[label] = f
      return f
    end

    local operations = {
      __add = function(a, b) return a + b end, __sub = function(a, b) return a - b end,
      __mul = function(a, b) return a * b end, __div = function(a, b) return a / b end,
      __mod = function(a, b) return a % b end, __pow = function(a, b) return a ^ b end,
      __idiv = function(a, b) return a // b end, __unm = function(a) return -a end, __len = function(a) return #a end,
      __concat = function(a, b) return a .. b end, __eq = function(a, b) return a == b end,
      __lt = function(a, b) return a < b end, __le = function(a, b) return a <= b end,
      __call = function(a, ...) return a(...) end, __index = function(a, b) return a[b] end,
      __newindex = function(a, b, c) a[b] = c end, __tostring = tostring,
    }

    local function call(number, label, ...) return attempt(number, function(...) return resolve(label)(...) end, ...) end
    local function method(number, label, object, ...)
      local name = label:match ":(.*)"
      return attempt(number, function(...) return object[name](object, ...) end, ...)
    end
    local function read(number, label, object)
      local name = label:match "%.(.*)"
      return attempt(number, function() return object[name] end)
    end
    local function assign(number, label, object, value)
      local name = label:match "%.(.*) ="
      return attempt(number, function() object[name] = value end)
    end
    local function operate(number, label, ...) return attempt(number, operations[label:match "%.(.*)"], ...) end

    -- A call whose refusal is a broken promise.
    local function must(number, label, ...)
      local before = refused
      local result = method(number, label, ...)
      if refused > before then error(label .. " must not fail here: " .. tostring(problem), 0) end
      return result
    end

    -- Values that fit together.
    local makers, made = {}, {}
    local function sample(tag, variant)
      local key = tag .. variant
      if made[key] == nil then
        local ok, value = pcall(makers[tag][variant])
        if not ok then problem = value end
        made[key] = ok and value or false
      end
      return made[key] or nil
    end
    local function split() return sample("split", 1) end
    local function nested(rows, columns)
      local result = {}
      for row = 1, rows do
        result[row] = {}
        for column = 1, columns do result[row][column] = row - column / 2 end
      end
      return result
    end
    local function trainer(model, loss, batch, terms)
      return perigee.trainer {
        model = sample("model", model), loss = sample("loss", loss), sampler = perigee.samplers.uniform { count = 3 },
        optimizer = perigee.optimizers.adam { rate = 0.01 }, batch = batch, terms = terms,
      }
    end
    makers.dataset = {
      function()
        return perigee.data.synthetic { users = 9, items = 20, interests = 2, interactions_per_user = 6, seed = 1 }
      end,
      function() return perigee.data.synthetic { users = 2, items = 4, interests = 1, interests_per_user = 1, interactions_per_user = 2 } end,
      function() return perigee.data.synthetic { users = 1, items = 2, interests = 1, interests_per_user = 1, interactions_per_user = 1 } end,
    }
    makers.split = {
      function() return sample("dataset", 1):split { kind = "ratio", test = 0.3, valid = 0.2, seed = 1 } end,
      function() return sample("dataset", 2):split { kind = "leave_one_out" } end,
      function() return sample("dataset", 1):split { kind = "kfold", folds = 2 } end,
    }
    makers.parameter = {
      function() return perigee.parameter { name = "user", per = "user", data = split(), dim = 3, init = { std = 0.1 } } end,
      function() return perigee.parameter { name = "item", per = "item", data = split(), dim = 3, init = { std = 0.1 } } end,
      function() return perigee.parameter { name = "scale", init = 1 } end,
    }
    local function lua_model(encode)
      return perigee.model {
        data = split(), parameters = { user = sample("parameter", 1), item = sample("parameter", 2) }, encode = encode,
      }
    end
    makers.model = {
      function() return perigee.models.mf { data = split(), dim = 3, score = "dot" } end,
      function() return perigee.models.mf { data = split(), dim = 4, score = "cosine", boundary = "linear" } end,
      function() return perigee.models.simplex { data = split(), dim = 3 } end,
      function() return perigee.models.lightgcn { data = split(), dim = 3, layers = 2 } end,
      function() return perigee.models.mgccf { data = split(), dim = 3, neighbors = 2 } end,
      function() return lua_model(function(users, items, p) return p.user[users], p.item end) end,
      function() return lua_model(function(users, items, p) return p.user[users], p.item[items] * 2 end) end,
    }
    makers.loss = {
      function() return perigee.losses.bpr {} end, function() return perigee.losses.ccl {} end,
      function() return perigee.losses.traced(function(s) return (s.negative - s.positive):softplus():mean() end) end,
      function() return perigee.losses.bsl {} end, function() return perigee.losses.mml {} end,
    }
    makers.sampler = {
      function() return perigee.samplers.uniform { count = 2 } end,
      function() return perigee.samplers.uniform { count = 5, exclude_positives = true } end,
      function() return perigee.samplers.popularity { count = 3, exponent = 0.75, exclude_positives = true } end,
      function() return perigee.samplers.dynamic { candidates = 6, count = 2 } end,
      function() return perigee.samplers.warp { max_trials = 9 } end,
    }
    makers.term = {
      function() return perigee.terms.l2 { weight = 0.1, scope = "tables_touched" } end,
      function() return perigee.terms.covariance { weight = 1 } end,
      function()
        local centers = perigee.parameter { name = "centers", shape = { 2, 3 }, init = { std = 0.1 } }
        return perigee.terms.cluster_kl { weight = 1, centers = centers, items = sample("parameter", 2) }
      end,
      function()
        return perigee.terms.custom {
          parameters = { user = sample("parameter", 1) }, data = split(),
          value = function(p, c) return p.user[c.users]:square():mean() end,
        }
      end,
    }
    makers.optimizer = {
      function() return perigee.optimizers.adam { rate = 0.01 } end, function() return perigee.optimizers.sgd { rate = 0.1 } end,
      function() return perigee.optimizers.adagrad { rate = 0.1 } end,
    }
    makers.schedule = {
      function() return perigee.schedules.linear { from = 0, to = 1, steps = 3 } end,
      function() return perigee.schedules.plateau { from = 1 } end,
      function() return perigee.schedules.cyclic { from = 1, to = 2, period = 4 } end,
    }
    makers.trainer = {
      function() return trainer(1, 1, 4) end, function() return trainer(2, 2, 5) end, function() return trainer(3, 1, 7) end,
      function() return trainer(5, 3, 4, { sample("term", 1), sample("term", 2) }) end,
    }
    makers.batch = { function() return sample("trainer", 1):next_batch() end }
    makers.tensor = {
      function() return perigee.tensor { 1, -2, 3 } end, function() return perigee.tensor(nested(2, 3)) end,
      function() return perigee.zeros { 2, 0 } end, function() return perigee.tensor(0.5) end,
      function() return perigee.random_normal { shape = { 4, 1, 3 }, seed = 1 }:requires_gradient() end,
      function() return perigee.ones { 3, 4 }:transpose(1, 2) end,
    }
    makers.sparsematrix = {
      function() return perigee.sparse { shape = { 2, 3 }, rows = { 1, 2 }, columns = { 3, 1 }, values = { 1, 0.5 } } end,
    }

    -- Values that are out to break something.
    local odd = {}
    function odd.raises() error "raised by a callback" end
    function odd.raises_table() error { code = 1 } end
    function odd.yields(...) return coroutine.yield(...) end
    function odd.recurses(...) return call(0, "perigee.losses.traced", odd.recurses, ...) end
    function odd.thread() return coroutine.create(odd.yields) end
    function odd.border(bits)
      local result = {}
      for bit = 0, bits do result[1 << bit] = 1 end
      return result
    end
    function odd.deep(depth)
      local result = {}
      for _ = 1, depth do result = { result } end
      return result
    end
    function odd.cycle()
      local result = { 1, 2 }
      result[1], result.self = result, result
      return result
    end
    function odd.angry()
      return setmetatable({}, { __index = odd.raises, __len = odd.raises, __call = odd.raises, __tostring = odd.raises })
    end
    function odd.lying()
      return setmetatable({ 1 }, { __len = function() return math.maxinteger end, __index = function(_, k) return k end })
    end
    function odd.many(count)
      local result = {}
      for i = 1, count do result[i] = i end
      return result
    end
    function odd.freed()
      local tensor = perigee.ones { 2 }
      tensor:free()
      return tensor
    end

    -- Ways to run some statements.
    function odd.protected(number, body) attempt(number, body) end
    function odd.inside_coroutine(number, body)
      local thread = coroutine.create(body)
      for _ = 1, 3 do attempt(number, coroutine.resume, thread) end
    end
    function odd.collected(number, body)
      setmetatable({}, { __gc = function() attempt(number, body) end })
      if spent % 2 == 0 then collectgarbage() end
    end
    function odd.each(number, object, body)
      attempt(number, function()
        local left = 6
        local step = type(object) == "function" and object or object.batches and object:batches()
        for value in step or pairs(object) do
          attempt(number, body, value)
          pcall(function() value:step() end)
          left = left - 1
          if left == 0 then break end
        end
      end)
    end
    function odd.show(number, value) attempt(number, tostring, value) end
    function odd.close(number, value) attempt(number, function() local held <close> = value end) end
    function odd.keys(number, value)
      attempt(number, function() for _ in pairs(value) do end end)
      attempt(number, function() return #value end)
    end
    function odd.raw(number, value, a, b) attempt(number, function() return value[a], value(a, b), value .. a, value < b end) end

    local allowed = {
      "assert", "error", "ipairs", "next", "pairs", "pcall", "xpcall", "select", "tonumber", "tostring", "type", "rawget",
      "rawset", "rawlen", "rawequal", "setmetatable", "getmetatable", "collectgarbage",
    }
    local function environment()
      local result = {
        perigee = perigee, v = {}, call = call, method = method, read = read, assign = assign, operate = operate,
        must = must, sample = sample, print = function(...) for i = 1, select("#", ...) do tostring((select(i, ...))) end end,
      }
      for _, name in ipairs(allowed) do result[name] = _G[name] end
      for _, name in ipairs { "math", "string", "table", "coroutine", "utf8" } do
        result[name] = {}
        for key, value in pairs(_G[name]) do result[name][key] = value end
      end
      for name, value in pairs(odd) do result[name] = value end
      result._G = result
      return result
    end

    -- Runs a program: how many of its calls were accepted and refused, whether the first one was, and what ended it early.
    return function(text)
      spent, accepted, refused, made, began = 0, 0, 0, {}, nil
      local program, reason = load(text, "=case", "t", environment())
      if not program then error((reason:find "memory" and "" or "the fuzzer wrote what is not Lua: ") .. reason, 0) end
      local ok, reason = pcall(program)
      program, made, problem = nil, {}, nil
      collectgarbage "restart"
      collectgarbage()
      return accepted, refused, began or false, ok or tostring(reason)
    end
    """#
}
