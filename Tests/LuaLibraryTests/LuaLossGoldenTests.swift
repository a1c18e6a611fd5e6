import Foundation
import LuaHost
import LuaLibrary
import Tensors
import Testing

/// The Lua losses against the golden vectors of published formulas that are given as scores or as tables of clusters. The others
/// (margins, vectors, updates) hold the native losses, which `LossPairTests` holds the Lua ones to.
@Suite struct LuaLossGoldenTests {
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  /// What the Lua losses make of each family: the file, and its options from the vector's parameters `p`.
  private static let losses = """
    local make = {
      bpr = function() return "bpr", {} end,
      hinge = function(p) return "hinge", { margin = p.margin } end,
      mse = function() return "mse", {} end,
      softmax_ce = function(p) return "softmax", { temperature = p.tau } end,
      infonce = function(p) return "infonce", { temperature = p.tau } end,
      sampled_softmax = function() return "sampled_softmax", {} end,
      ccl = function(p)
        return "ccl", { margin = p.margin, negative_weight = p.negative_weight, negatives = not p.negative_weight and "sum" or nil }
      end,
      mml = function(p)
        return "mml", { margins = p.margins, weights = p.weights, positive_weight = p.w_pos, negative_weight = p.w_neg }
      end,
      bsl = function(p)
        if p.tau_1 then return "bsl", { mode = "paper", temperature = p.tau_2, positive_temperature = p.tau_1 } end
        return "bsl", { mode = p.mode, temperature = p.temperature, negative_exponent = p.temperature_2 }
      end,
      uib = function(p)
        return "uib", { alpha = p.alpha, form = p.margin and "margin", margin = p.margin, negatives = p.negatives,
          released_weights = p.weight_pos and p.weight_pos ~= 1, reduction = "sum" }
      end,
      pris = function(p) return "pris", { gradient_through_weights = p.gradient_through_weights } end,
      sa = function() return "self_adversarial", {} end,
      rce_bpr = function(p) return "rce_bpr", { beta = p.beta } end,
      tce_bpr = function(p) return "tce_bpr", { drop_rate = p.drop_rate, gradual_steps = 0 } end,
      triplet = function(p) return "triplet", { margin = p.margin } end,
    }

    """

  /// Losses in Lua that take the mean of one number for each positive, where a vector has their sum.
  private static let meansOverRows: Set = ["bpr", "pris", "sa"]

  static let names: [String] = {
    let folder = tests.appendingPathComponent("RankingTests/Golden").path
    let files = try! FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    let families = [
      "bpr", "hinge", "mse", "softmax_ce", "infonce", "sampled_softmax", "ccl", "mml", "bsl", "uib", "pris", "sa",
      "rce_bpr",
      "tce_bpr", "triplet",
    ]
    return files.map { String($0.dropLast(5)) }.filter { name in
      // The banded margins are an option of the native loss alone; what remains is given as tables.
      families.contains { name.hasPrefix($0 + ".") } && !name.contains("banded") && !name.contains(".mf_")
        && !name.contains("sqeuclid")
    }.sorted()
  }()

  private struct Vector {
    let root: [String: Any]
    init(_ name: String) throws {
      let url = LuaLossGoldenTests.tests.appendingPathComponent("RankingTests/Golden/\(name).json")
      root = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as! [String: Any]
    }
    var parameters: [String: Any] { root["parameters"] as! [String: Any] }
    var expected: [String: Any] { root["expected"] as! [String: Any] }
    func rows(_ name: String) -> [[Double]]? { Self.rows((root["inputs"] as! [String: Any])[name]) }
    func gradient(_ name: String) -> [[Double]]? { Self.rows((expected["gradients"] as! [String: Any])[name]) }

    /// A vector as a matrix of one column.
    private static func rows(_ value: Any?) -> [[Double]]? {
      if let rows = value as? [[Double]] { return rows }
      return (value as? [Double])?.map { [$0] }
    }
  }

  private func state() throws -> LuaState {
    let state = LuaState()
    try state.install(PerigeeLibrary.module())
    try state.addSearchPaths([Self.tests.deletingLastPathComponent().appendingPathComponent("lua").path])
    return state
  }

  /// Parameters as a Lua table.
  private func literal(_ value: Any) -> String {
    switch value {
    case let number as NSNumber: CFBoolean(number) ?? "\(number.doubleValue)"
    case let text as String: "\"\(text)\""
    case let list as [Double]: "{ \(list.map { "\($0)" }.joined(separator: ", ")) }"
    default: "nil"
    }
  }

  private func CFBoolean(_ number: NSNumber) -> String? {
    String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B" ? "\(number.boolValue)" : nil
  }

  @Test(arguments: names) func vector(_ name: String) throws {
    let golden = try Vector(name)
    let family = String(name.prefix { $0 != "." })
    let state = try state()
    let sign: Double = family == "triplet" ? -1 : 1
    let unobserved = golden.rows("unobserved").map { [$0.map { $0[0] }] }
    let negative = unobserved ?? golden.rows(sign < 0 ? "d_neg" : "neg")!
    let positive = golden.rows(sign < 0 ? "d_pos" : "pos")!.map { $0[0] }
    func set(_ name: String, _ rows: [[Double]]?, flat: Bool = false) throws {
      guard let rows else { return }
      let floats = rows.flatMap { $0.map(Float.init) }
      try state.globals.set(name, try Tensor(floats, shape: flat ? [rows.count] : [rows.count, rows[0].count]))
    }
    try set("positive", positive.map { [sign * $0] }, flat: true)
    try set("negative", negative.map { $0.map { sign * $0 } })
    try set("boundary", golden.rows("b"), flat: true)
    try set("log_proposal", golden.rows("log_q") ?? golden.rows("log_q_neg"))
    try set("positive_log_proposal", golden.rows("log_q_pos"), flat: true)
    if let users = golden.rows("user") { try state.globals.set("users", users.map { Int($0[0]) + 1 }) }
    let parameters = golden.parameters.map { "\($0) = \(literal($1))" }.joined(separator: ", ")
    let values = try state.run(
      Self.losses + """
        local file, options = make.\(family) { \(parameters) }
        local value, gradients = require("perigee").losses.evaluate(require("losses." .. file)(options), {
          positive = positive, negative = negative, boundary = rawget(_G, "boundary"), users = rawget(_G, "users"),
          log_proposal = rawget(_G, "log_proposal"), positive_log_proposal = rawget(_G, "positive_log_proposal"),
        })
        return value, gradients.positive, gradients.negative, gradients.boundary
        """, name: "\(name).lua")
    let isSum = golden.parameters["reduction"] as? String == "sum" || unobserved != nil
    let scale = isSum && Self.meansOverRows.contains(family) ? Double(positive.count) : 1
    func expect(_ actual: Double, _ expected: Double, _ what: String) {
      #expect(abs(actual - expected) <= 2e-5 + 2e-4 * abs(expected), "\(what): \(actual), want \(expected)")
    }
    expect(values[0].asNumber! * scale, golden.expected["loss"] as! Double, "loss")
    func compare(_ place: Int, _ names: [String]) throws {
      guard let expected = names.lazy.compactMap({ golden.gradient($0) }).first else { return }
      let tensor = try #require(values[place].asObject(Tensor.self))
      let flat = expected.flatMap { $0 }
      #expect(tensor.count == flat.count)
      for (actual, wanted) in zip(try tensor.elements(), flat) {
        expect(Double(actual) * scale * sign, wanted, names[0])
      }
    }
    try compare(1, ["pos", "d_pos"])
    try compare(2, ["neg", "unobserved", "d_neg"])
    try compare(3, ["b"])
  }

  @Test(arguments: ["tau1", "tau2", "tau1_through_target_option"], ["a", "b"])
  func clusters(_ form: String, _ instance: String) throws {
    let golden = try Vector("til_cluster_kl.\(form).\(instance)")
    let state = try state()
    for name in ["Q", "Phi"] {
      try state.globals.set(name, try Tensor(golden.rows(name)!.map { $0.map(Float.init) }))
    }
    let values = try state.run(
      """
      Q:requires_gradient()
      Phi:requires_gradient()
      local loss = require "losses.cluster_kl" { tau = \(literal(golden.parameters["tau"]!)),
        through_target = \(form.contains("through")) } (Q, Phi)
      local at_items, at_centers = require("perigee").gradient(loss, { Q, Phi })
      return loss:item(), at_items, at_centers
      """, name: "clusters.lua")
    #expect(abs(values[0].asNumber! - (golden.expected["loss"] as! Double)) < 2e-5)
    for (place, name) in [(1, "Q"), (2, "Phi")] {
      let tensor = try #require(values[place].asObject(Tensor.self))
      for (actual, wanted) in zip(try tensor.elements(), golden.gradient(name)!.flatMap { $0 }) {
        #expect(abs(Double(actual) - wanted) <= 2e-5 + 2e-4 * abs(wanted), "\(name)")
      }
    }
  }

  @Test func thereAreVectors() { #expect(Self.names.count > 40) }
}
