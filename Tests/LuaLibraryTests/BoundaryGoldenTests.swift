import Foundation
import Interactions
import LuaHost
import LuaLibrary
import Tensors
import Testing

/// The golden vectors of boundaries and of symmetric metric learning end to end: a script's model, its trainer and its loss, native or
/// of `lua/losses`, and the gradients of all parameters.
@Suite struct BoundaryGoldenTests {
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  struct Form: Sendable, CustomTestStringConvertible {
    let vector: String
    /// The script's loss, from the vector's parameters `p` and the model `m`.
    let loss: String
    var testDescription: String { "\(vector), \(loss)" }
  }

  private static let names = [
    "user": ["P", "E_user"], "item": ["Q", "E_item"], "user_margin": ["m_u"], "item_margin": ["n_i"],
    "boundary": ["W"], "layer1_weight": ["W1"], "layer1_bias": ["b1"], "layer2_weight": ["W2"], "layer2_bias": ["b2"],
    "output_weight": ["h"], "output_bias": ["c"],
  ]

  static let forms: [Form] = ["a", "b"].flatMap { instance -> [Form] in
    let margins = "item_weight = p.lambda, margin_weight = p.gamma"
    let uib = "alpha = p.alpha, reduction = 'sum'"
    let lua = "require 'losses."
    return [
      Form(vector: "sml.batch.\(instance)", loss: "losses.sml { \(margins) }"),
      Form(vector: "sml.batch.\(instance)", loss: "\(lua)sml' { \(margins), margins = m.parameters }"),
      Form(vector: "sml.all.\(instance)", loss: "losses.sml { \(margins), margin_mean = 'all' }"),
    ]
      + ["bias", "nobias"].flatMap { kind in
        [
          Form(vector: "sml_uib.\(kind).\(instance)", loss: "losses.sml_uib { alpha = p.alpha, \(margins) }"),
          Form(
            vector: "sml_uib.\(kind).\(instance)",
            loss: "\(lua)sml_uib' { alpha = p.alpha, \(margins), margins = m.parameters }"),
        ]
      }
      + ["uib.mf_bias", "uib.mf_nobias", "ncf.uib", "lightgcn_uib"].flatMap { name in
        [
          Form(vector: "\(name).\(instance)", loss: "losses.uib { \(uib) }"),
          Form(vector: "\(name).\(instance)", loss: "\(lua)uib' { \(uib) }"),
        ]
      }
  }

  private struct Vector {
    let root: [String: Any]

    init(_ name: String) throws {
      let url = BoundaryGoldenTests.tests.appendingPathComponent("RankingTests/Golden/\(name).json")
      root = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as! [String: Any]
    }

    var parameters: [String: Any] { root["parameters"] as! [String: Any] }
    var inputs: [String: Any] { root["inputs"] as! [String: Any] }
    var expected: [String: Any] { root["expected"] as! [String: Any] }
    var gradients: [String: Any] { expected["gradients"] as! [String: Any] }
    func integers(_ name: String) -> [Int32] { (inputs[name] as! [Int]).map(Int32.init) }
    var negatives: [[Int32]] {
      if let rows = inputs["neg"] as? [[Int]] { return rows.map { $0.map(Int32.init) } }
      return integers("neg").map { [$0] }
    }

    static func flat(_ value: Any) -> [Double] {
      if let number = value as? NSNumber { return [number.doubleValue] }
      return (value as! [Any]).flatMap(flat)
    }
  }

  /// A split whose train part is these pairs.
  private func split(_ dataset: Dataset, _ users: [Int32], _ items: [Int32]) -> Split {
    let pairs = Set(zip(users, items).map { [$0, $1] })
    let (userCount, itemCount) = (dataset.userCount, dataset.itemCount)
    return Split(
      dataset: dataset,
      train: InteractionMatrix(
        userCount: userCount, itemCount: itemCount, users: pairs.map { $0[0] }, items: pairs.map { $0[1] }), valid: nil,
      test: InteractionMatrix(userCount: userCount, itemCount: itemCount, users: [], items: []), rule: "golden")
  }

  /// For each of its rows the user, the positive and the negatives, from 1: pairs that come twice are two rows.
  private func rows(_ golden: Vector) -> String {
    let (users, positives) = (golden.integers("user"), golden.integers("pos"))
    return zip(zip(users, positives), golden.negatives).map { pair, negatives in
      "{ \(pair.0 + 1), \(pair.1 + 1), { \(negatives.map { "\($0 + 1)" }.joined(separator: ", ")) } }"
    }.joined(separator: ", ")
  }

  private func make(_ name: String, _ golden: Vector) -> String {
    let boundary = golden.parameters["boundary_bias"] as? Bool == true ? "linear_bias" : "linear"
    let dim = (golden.inputs["P"] as? [[Double]] ?? golden.inputs["E_user"] as! [[Double]])[0].count
    let common = "data = graph, dim = \(dim)"
    if name.hasPrefix("sml.") { return "sml { \(common) }" }
    if name.hasPrefix("sml_uib") { return "sml { \(common), boundary = '\(boundary)' }" }
    if name.hasPrefix("uib.mf") { return "mf { \(common), score = 'dot', boundary = '\(boundary)' }" }
    if name.hasPrefix("ncf") {
      let layers = ["b1", "b2"].map { "\((golden.inputs[$0] as! [Double]).count)" }.joined(separator: ", ")
      return "ncf { \(common), layers = { \(layers) }, boundary = '\(boundary)' }"
    }
    return "lightgcn { \(common), layers = \(golden.parameters["layers"]!), boundary = '\(boundary)' }"
  }

  /// Values of a model's parameter, or their gradients; the boundary's offset c stands behind W.
  private func values(_ parameter: String, _ vector: String, _ table: [String: Any]) -> [Double]? {
    guard let found = Self.names[parameter]!.lazy.compactMap({ table[$0] }).first else { return nil }
    let values = Vector.flat(found)
    let hasOffset = parameter == "boundary" && vector.contains("bias") && !vector.contains("nobias")
    return hasOffset ? values + Vector.flat(table["c"]!) : values
  }

  @Test(arguments: forms) func gradientsOfAllParameters(_ form: Form) throws {
    let golden = try Vector(form.vector)
    let userCount = (golden.inputs["P"] as? [Any] ?? golden.inputs["E_user"] as! [Any]).count
    let itemCount = (golden.inputs["Q"] as? [Any] ?? golden.inputs["E_item"] as! [Any]).count
    let (users, positives) = (golden.integers("user"), golden.integers("pos"))
    let dataset = Dataset(name: "golden", userCount: userCount, itemCount: itemCount, users: users, items: positives)
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.addSearchPaths([Self.tests.deletingLastPathComponent().appendingPathComponent("lua").path])
    let batch = split(dataset, users, positives)
    try state.globals.set("batch", batch)
    let edges = golden.inputs["edges"] as? [[Int]]
    try state.globals.set(
      "graph", edges.map { split(dataset, $0.map { Int32($0[0]) }, $0.map { Int32($0[1]) }) } ?? batch)
    for name in Self.names.keys {
      guard let values = values(name, form.vector, golden.inputs) else { continue }
      try state.globals.set("value_" + name, try Tensor(values.map(Float.init), shape: [values.count]))
    }
    let numbers = golden.parameters.compactMap { name, value in
      (value as? NSNumber).map { "\(name) = \($0.doubleValue)" }
    }.joined(separator: ", ")
    let isWhole = form.vector.hasPrefix("sml")
    let result = try state.run(
      """
      local perigee = require "perigee"
      local losses = perigee.losses
      local p, rows = { \(numbers) }, { \(rows(golden)) }
      local m = perigee.models.\(make(form.vector, golden))
      for name, parameter in pairs(m.parameters) do
        parameter:assign(_G["value_" .. name]:reshape(parameter:tensor().shape))
      end
      local trainer = perigee.trainer { model = m, data = batch, loss = \(form.loss), shuffle = false,
        batch = \(isWhole ? "\(users.count)" : "1"), sampler = perigee.samplers.uniform { count = 1, exclude_positives = false },
        optimizer = perigee.optimizers.sgd { rate = 1 },
        regularization = p.upsilon and { weight = p.upsilon, scope = "batch" } or nil }
      local sum, value = nil, 0
      for b in trainer:batches() do
        local of_user, of_item = b.users:positions(), b.positives:positions()
        -- The rows of the vector in the batch's order: one for each pair, or in turn those that have the batch's only pair.
        local function rows_of(place)
          local found = {}
          for _, row in ipairs(rows) do
            if row[1] == of_user[place] and row[2] == of_item[place] then found[#found + 1] = row[3] end
          end
          return found
        end
        local turns = { {} }
        if #b.users > 1 then
          for place = 1, #b.users do turns[1][place] = rows_of(place)[1] end
        else
          turns = {}
          for _, negatives in ipairs(rows_of(1)) do turns[#turns + 1] = { negatives } end
        end
        for _, negatives in ipairs(turns) do
          b.negatives = perigee.tensor(negatives)
          value = value + b:forward().loss
          local gradients = b:gradients()
          sum = sum and sum:add(gradients) or gradients
        end
        b:skip()
      end
      local found = {}
      for name, parameter in pairs(m.parameters) do found[name] = sum:tensor(parameter) end
      return value, found
      """, name: "\(form.vector).lua")
    func expect(_ actual: Double, _ wanted: Double, _ what: String) {
      #expect(abs(actual - wanted) <= 2e-5 + 2e-4 * abs(wanted), "\(what): \(actual), want \(wanted)")
    }
    // Vectors with an L2 term have it in their loss, a trainer beside it.
    if golden.parameters["upsilon"] == nil {
      expect(result[0].asNumber!, golden.expected["loss"] as! Double, "loss")
    }
    let found = try #require(result[1].asTable)
    var compared = 0
    for name in Self.names.keys {
      guard let wanted = values(name, form.vector, golden.gradients),
        let tensor = try found.rawGet(name).asObject(Tensor.self)
      else { continue }
      compared += 1
      #expect(tensor.count == wanted.count)
      for (actual, wanted) in zip(try tensor.elements(), wanted) { expect(Double(actual), wanted, name) }
    }
    var parameters = 0
    try found.forEachEntry { _, _ in parameters += 1 }
    #expect(compared == parameters && compared >= 3)
  }
}
