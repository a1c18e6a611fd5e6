import Tensors
import Testing

@testable import Ranking

/// The ways to bring rows up to date come to the same.
@Suite struct AdvanceTests {
  private static let rows = 3000
  private static let dim = 5

  private func table(_ method: Optimizer.Method, weightDecay: Double) -> CatchingTable {
    let stream = RandomStream(seed: 8, purpose: "values")
    let values = (0..<Self.rows * Self.dim).map { Float(stream.normal(at: UInt64($0))) }
    let table = CatchingTable(
      rows: Self.rows, dim: Self.dim, values: values, Optimizer(method, rate: 1), weightDecay: weightDecay)
    for step in 1...40 {
      var gradients: [Int32: [Float]] = [:]
      for row in stride(from: step * 7 % 11, to: Self.rows, by: 11 + step) {
        gradients[Int32(row)] = (0..<Self.dim).map { Float(stream.normal(at: UInt64(step * 100_000 + row * 7 + $0))) }
      }
      table.advance(gradients, rate: 0.01)
    }
    return table
  }

  @Test(arguments: [true, false]) func markedRowsMoveAsListedRowsDo(_ adam: Bool) {
    var options = Optimizer.AdamOptions()
    options.decoupled = true
    let method = adam ? Optimizer.Method.adam(options) : .sgd(momentum: 0.9)
    let decay = adam ? 0.1 : 0
    let byMark = table(method, weightDecay: decay)
    let byList = table(method, weightDecay: decay)
    let listed = (0..<Self.rows).filter { $0 % 3 == 0 || (512..<560).contains($0) }.map(Int32.init)
    let before = byMark.table.compactValues(byMark.table.values.base)
    let expected = byMark.current
    let touched = AlignedBuffer<UInt8>(count: Self.rows, repeating: 0)
    for row in listed { touched[Int(row)] = 1 }
    // Borders that are no multiple of anything.
    for range in [0..<5, 5..<1029, 1029..<Self.rows] {
      byMark.idle!.advanceTouched(byMark.table.view, range, touched.base)
    }
    byList.read(listed)
    let after = byMark.table.compactValues(byMark.table.values.base)
    #expect(after == byList.table.compactValues(byList.table.values.base))
    #expect((0..<Self.rows).allSatisfy { touched[$0] == 0 })
    let marked = Set(listed)
    for row in 0..<Self.rows {
      let range = row * Self.dim..<(row + 1) * Self.dim
      #expect(after[range] == (marked.contains(Int32(row)) ? expected : before)[range])
    }
    #expect(before != after && after != expected)
    // Reading moved nothing on: all rows still come to stand where they would have stood.
    #expect(byMark.current == expected)
  }
}
