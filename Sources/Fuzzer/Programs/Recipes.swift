import LuaHost

/// What a generator that knows types only would hardly find: values that fit together, so that programs get as far as training.
/// Everything that is not named here is reached all the same.
enum Recipes {
  /// How many variants `sample` of the prelude has of a type.
  static let samples: [String: Int] = [
    "dataset": 3, "split": 3, "model": 5, "trainer": 4, "tensor": 6, "parameter": 3, "sampler": 5, "term": 4,
    "optimizer": 3,
    "loss": 5,
    "schedule": 3, "sparsematrix": 1, "batch": 1,
  ]

  /// What a program begins with now and then, so that the rest of it finds something to work with.
  static let beginnings = [
    "perigee.trainer", "perigee.trainer", "perigee.trainer", "perigee.model", "Dataset:split", "Trainer:run",
    "perigee.evaluate",
    "perigee.losses.traced", "perigee.data.open",
  ]

  /// What most goes on in.
  static let lively: Set<String> = ["trainer", "batch", "model", "lossscores", "batchrows"]

  /// Parts of what a callback is given, by the type that they have.
  static let parts: [String: (whole: String, names: [String])] = [
    "lossvalue": ("lossscores", [".positive", ".negative", ".negative", ".known", ".item_scores"]),
    "lossrows": ("lossscores", [".users", ".positive_items", ".negative_items"]),
  ]

  /// A function that works, where its parameters are of the right number.
  struct Function {
    let parameters: Int
    let text: String
    func fitting(_ signature: Signature) -> String? {
      signature.parameters.count == parameters || signature.parameters.contains("...") ? text : nil
    }
  }

  /// By what they return.
  static let functions: [String: [Function]] = [
    "lossvalue": [
      Function(parameters: 1, text: "function(s) return (s.negative - s.positive):softplus():mean() end"),
      Function(parameters: 1, text: "function(s) return s.positive:mean() end"),
      Function(parameters: 1, text: "function(s) return s.negative:logsumexp(\"negatives\") - s.positive end"),
      Function(parameters: 1, text: "function(s) return (s.negative:tensor():square()):mean() end"),
      Function(parameters: 1, text: "function(s) return s.negative:sum() * 1e30 end"),
    ],
    "any,any": [
      Function(parameters: 3, text: "function(users, items, p) return p.user[users], p.item[items] * 1 end"),
      Function(parameters: 3, text: "function(users, items, p) return p.user[users], p.item end"),
      Function(parameters: 3, text: "function(users, items, p) return p.user, p.item end"),
      Function(parameters: 3, text: "function(users, items, p) return perigee.tanh(p.user[users]), p.item end"),
    ],
    "number": [
      Function(parameters: 2, text: "function(epoch, step) return 1 / step end"),
      Function(parameters: 2, text: "function(epoch, step) return 0.01 end"),
    ],
    "tensor": [
      Function(parameters: 2, text: "function(users, items) return (users * items):sum(3) end"),
      Function(parameters: 1, text: "function(...) return (...):square():sum() end"),
    ],
  ]

  /// By what is called and the name of the argument.
  static let arguments: [String: [String]] = [
    "perigee.model.parameters": [
      "{ user = sample(\"parameter\", 1), item = sample(\"parameter\", 2) }"
    ],
    "perigee.model.data": ["sample(\"split\", 1)"],
    "perigee.data.open.name": ["\"pairs.csv\"", "\"lists\"", "\"rated.tsv\"", "\"out.split\""],
    "perigee.data.from.users": ["{ 1, 2, 2, 3 }", "{ \"a\", \"b\", 3, \"a\" }"],
    "perigee.data.from.items": ["{ 5, 5, 6, 7 }", "perigee.tensor { 1, 2, 1, 2 }"],
    "perigee.data.from.times": ["{ 1, 2, 3, \"2015-01-31\" }"],
    "Dataset:filter.keep": ["function(i) return i.user ~= \"1\" end", "function() return true end"],
    "Split:save.folder": ["\"out.split\""],
    "perigee.read_npy.path": ["\"matrix.npy\"", "\"out.npy\""],
    "Tensor:write_npy.path": ["\"out.npy\""],
    "Model:save.path": ["\"out.model\""],
    "Model:load.path": ["\"out.model\""],
    "perigee.evaluate.metrics": [
      "{ \"recall@2\", \"ndcg@3\", \"auc\", \"map@1\", \"mrr@2\", \"hit@2\", \"f1@1\", \"precision@4\" }",
      "\"recall@1000000\"", "{ \"ndcg@3\", size = function(list, truth, user) return #list end }",
    ],
    "perigee.evaluate.candidates": [
      "{ count = 3, seed = 1 }", "{ count = 1000000000000 }", "{ { \"1\", \"2\" } }", "\"given\"",
      "\"lists/train.txt\"",
    ],
    "perigee.evaluate_lists.lists": ["{ { \"1\", \"2\" } }", "\"lists/train.txt\"", "\"rated.tsv\""],
    "perigee.losses.evaluate.positive": ["perigee.tensor { 0.5, -1 }", "sample(\"tensor\", 1)"],
    "perigee.losses.evaluate.negative": [
      "perigee.tensor { { 0.1, 0.2 }, { 3, -4 } }", "perigee.tensor { { 1 }, { 2 }, { 3 } }",
    ],
    "perigee.sparse.columns": ["{ 1, 2, 2 }"],
    "Trainer:run.epochs": ["1", "2", "3"],
    "perigee.threads.count": ["1", "2", "3", "8"],
  ]
}

extension ProgramWriter {
  mutating func recipe(_ parameter: ParameterDescription, of callable: Callable) -> String? {
    guard let known = Recipes.arguments["\(callable.label).\(parameter.name)"], choices.chance(0.7) else { return nil }
    return choices.pick(known)
  }
}
