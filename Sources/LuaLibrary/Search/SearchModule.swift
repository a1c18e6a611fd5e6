import Laboratory
import LuaHost
import Platform
import Tensors

/// `perigee.search`: settings that are searched for.
enum SearchModule {
  static var types: [TypeDescription] { [TrialHandle.type, StudyBinding.type] }

  static var search: FunctionDescription {
    FunctionDescription(
      "search",
      "Searches for the best settings: runs a function with one setting after another and keeps what each came to in a store.",
      details: details,
      source:
        "TPE: Bergstra et al., NeurIPS 2011. Halving: Li et al., MLSys 2020 (ASHA). Median: Golovin et al., KDD 2017 (Vizier).",
      example: """
        local study = perigee.search {
          name = "softmax", trials = 30, prune = "halving",
          space = { temperature = perigee.space.log_uniform(0.05, 1), dim = { 32, 64, 128 } },
          run = function(settings, trial)
            local model = perigee.models.mf { data = split, dim = settings.dim, seed = trial.seed }
            local trainer = perigee.trainer { model = model, seed = trial.seed, batch = 256,
              loss = perigee.losses.softmax { temperature = settings.temperature },
              sampler = perigee.samplers.uniform { count = 50 }, optimizer = perigee.optimizers.adam { rate = 1e-2 } }
            return trainer:run { epochs = 20, patience = 3, progress = false, evaluate = { metrics = "recall@20" },
              on_epoch = trial:watch() }
          end,
        }
        print(study, study:importance())

        local function space(s)                                -- conditions are plain Lua
          if s:choice("loss", { "bpr", "softmax" }) == "softmax" then s:log_uniform("temperature", 0.05, 1) end
          s:integer("dim", 16, 128, { log = true })
        end
        """,
      options: options, returns: [.init("study", .object(StudyHandle.self), "What was found; `print` shows it.")],
      body: run)
  }

  private static let details =
    "`run` is called as `run(settings, trial)` and returns the trial's value, or the report of a `trainer:run` with early stopping, whose best "
    + "value counts. Whatever it draws should come from `trial.seed`. An error, no value or one that is not finite fails the trial, and the search "
    + "goes on.\n\nEverything is kept in the store: run the script again after it was killed, and the study goes on with what is left; the trial "
    + "that was under way begins anew. A study that has all its trials returns at once; with more `trials` it goes on. Other methods, seeds or "
    + "spaces are refused: give the search another name. `run` may be mended in between.\n\nAny number of processes take part in one study: with "
    + "`parallel` on this machine, or the same script started anywhere that reaches the store. The trials of grid and random are the same "
    + "however many take part; those of TPE follow from what has ended when a trial begins, so that they are the same again for one process. Runs "
    + "that a trial makes are recorded in the same store under the study's name as a tag, and are called after the study and the trial: "
    + "`perigee runs list --tag NAME`. Ctrl-C ends the search and not the script; the trial under way is given back."

  private static var options: [OptionDescription] {
    [
      SearchSpaces.option,
      .init(
        "run", .function("fun(settings: table, trial: Trial): number|table"), "Runs one trial and returns its value."),
      .init(
        "trials", .integer(in: 1...100_000),
        "Trials in all, of this call and earlier ones; for a grid all combinations by default.",
        optional: true),
      .init(
        "method", .choice(SearchSettings.Method.self),
        "tpe: values like those of the better trials so far, by densities, and one in seven at random. random: each by itself. grid: all combinations.",
        default: "tpe"),
      .init(
        "goal", .choice(SearchSettings.Goal.self), "Whether larger or smaller values are better.", default: "maximize"),
      .init(
        "seeds", .integer(in: 1...1000).or(.list(.integer, count: 1...1000)),
        "How often each trial runs, with the seeds 1, 2, ..., or a list of them; its value is the mean.", default: 1),
      .init("seed", .integer(atLeast: 0), "The seed of the search itself.", default: 1),
      pruneOption,
      .init("startup", .integer(atLeast: 1), "Random trials before TPE begins to choose.", default: 10),
      .init(
        "name", .string, "The study's name in the store; the script's name by default.", optional: true),
      .init(
        "store", .string, "The store's file; `$PERIGEE_STORE` by default, or `~/.perigee/runs.sqlite`.", optional: true),
      .init(
        "parallel", .integer(in: 1...256),
        "Trials at once, each in a process: further ones run this script with these arguments up to the search. They share the threads.",
        default: 1),
      .init("failures", .integer(atLeast: 1), "Failed trials in a row that end the search with an error.", default: 5),
      .init(
        "attempts", .integer(atLeast: 1),
        "Times that a trial may end its process (killed, out of memory) before it fails.", default: 5),
      .init("retry", .boolean, "Whether trials that failed are run again.", default: false),
      .init(
        "wait", .boolean, "Whether the search ends only when the trials of other processes have ended, too.",
        default: true),
      .init("progress", .boolean, "Whether each trial is told on standard error.", default: true),
    ]
  }

  private static var pruneOption: OptionDescription {
    .init(
      "prune",
      .choice(PruneChoice.self).or(
        .options([
          .init("by", .choice(PruneChoice.self), "halving or median.", default: "halving"),
          .init("first", .integer(atLeast: 1), "halving: the first epoch at which trials are compared.", default: 1),
          .init(
            "factor", .integer(in: 2...100), "halving: one in so many goes on, and to so many times the epochs.",
            default: 3),
          .init(
            "trials", .integer(atLeast: 1), "median: trials that must have finished before any is pruned.", default: 5),
          .init("after", .integer(atLeast: 0), "median: an epoch up to which none is pruned.", default: 0),
        ])),
      "Whether trials end early that fall behind others after as many epochs; they say how they stand by `trial:watch` or `trial:report`. None ends after an epoch that no other has gone beyond.",
      optional: true)
  }

  private enum PruneChoice: String, CaseIterable { case halving, median }

  private static func pruning(_ call: LuaCall) throws -> Pruning {
    guard call.has("prune") else { return .none }
    let by: PruneChoice = try call.optionalChoice("prune") ?? call.choice("prune.by")
    switch by {
    case .halving: return .halving(first: try call.integer("prune.first"), factor: try call.integer("prune.factor"))
    case .median: return .median(trials: try call.integer("prune.trials"), after: try call.integer("prune.after"))
    }
  }

  // MARK: The call

  private static func run(_ call: LuaCall) throws -> LuaResults {
    guard call.state.trialUnderWay == nil else {
      throw LuaArgumentError("a search cannot begin inside a trial of another; put both into one space")
    }
    let store = try store(call)
    let settings = try settings(call)
    let search = try naming(call, store) {
      try Search(
        settings, space: try SearchSpaces.space(call), store: store,
        script: call.state.mainScript.map { absolutePath($0.path) })
    }
    return [try SearchSession(search, call).run()]
  }

  /// What a search does with its store, so that it says what a search wants of one.
  static func naming<Result>(_ call: LuaCall, _ store: RunStore, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as RunStoreError where error.kind == .unavailable {
      throw call.error(
        "store", "\(error); a search keeps its trials there: give store = \"FILE\" where one can be written")
    }
  }

  private static func store(_ call: LuaCall) throws -> RunStore {
    do { return try RunStore.shared(call.optionalString("store") ?? RunStore.standardPath) } catch let error
      as RunStoreError
      where error.kind == .unavailable
    {
      throw call.error(
        "store", "\(error); a search keeps its trials there: give store = \"FILE\" where one can be made")
    }
  }

  private static func settings(_ call: LuaCall) throws -> SearchSettings {
    var settings = SearchSettings(name: try name(call))
    settings.method = try call.choice("method")
    settings.goal = try call.choice("goal")
    settings.trials = call.optionalInteger("trials")
    settings.seeds = try seeds(call)
    settings.seed = UInt64(try call.integer("seed"))
    settings.pruning = try pruning(call)
    settings.startup = try call.integer("startup")
    settings.failures = try call.integer("failures")
    settings.attempts = try call.integer("attempts")
    settings.waits = try call.boolean("wait")
    settings.retriesFailed = try call.boolean("retry")
    return settings
  }

  private static func name(_ call: LuaCall) throws -> String {
    if let name = call.optionalString("name") {
      guard !name.isEmpty else { throw call.error("name", "want a name, got an empty text") }
      return name
    }
    guard let path = call.state.mainScript?.path, let file = path.split(separator: "/").last, path != "/dev/stdin"
    else {
      throw call.error("name", "there is no script whose name the study could have: give name = \"...\"")
    }
    return file.hasSuffix(".lua") ? String(file.dropLast(4)) : String(file)
  }

  private static func seeds(_ call: LuaCall) throws -> [Int] {
    if let count = call.optionalInteger("seeds") { return Array(1...count) }
    let seeds = try call.integers("seeds")
    guard Set(seeds).count == seeds.count else { throw call.error("seeds", "a seed stands there twice") }
    return seeds
  }
}
