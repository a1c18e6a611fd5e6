import Kernels
import Tensors
import Testing

/// Sums of lists of rows, held to a loop.
@Suite struct RowListTests {
  /// Strides of one vector to more than stay in registers; lists that are empty, repeat a row or are long.
  @Test(arguments: [16, 48, 64, 80, 128, 144, 272], 0..<4) func sumsAreThoseOfALoop(_ stride: Int, _ kind: Int) {
    var generator = RandomStream(seed: UInt64(stride + kind), purpose: "row lists").generator()
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float.random(in: 0.5...2, using: &generator) } }
    let (rows, ownRows, beside) = (numbers(50 * stride), numbers(20 * stride), numbers(6 * stride))
    let (scales, divisors) = (numbers(50), numbers(6))
    let lengths = [0, 1, 30, 0, 7, 3]
    let starts = lengths.reduce(into: [Int32(0)]) { $0.append($0.last! + Int32($1)) }
    let list = (0..<Int(starts.last!)).map { _ in Int32.random(in: 0..<50, using: &generator) }
    let slots: [Int32] = [-1, 3, 19, 0, -1, 3]
    let (scaled, divided, owned) = (kind != 0, kind > 1, kind > 2)
    var sums = [Float](repeating: .nan, count: 6 * stride)
    func sum(
      _ rows: UnsafePointer<Float>, _ list: UnsafePointer<Int32>, _ starts: UnsafePointer<Int32>,
      _ scales: UnsafePointer<Float>?, _ divisors: UnsafePointer<Float>?, _ beside: UnsafePointer<Float>?,
      _ ownRows: UnsafePointer<Float>, _ slots: UnsafePointer<Int32>
    ) {
      var lists = kernel_row_lists(
        rows: rows, scales: scales, stride: stride, list: list, starts: starts, count: 6, divisors: divisors,
        beside: beside)
      var own = kernel_own_rows(rows: ownRows, slots: slots)
      if owned { kernel_sum_row_lists(&lists, &own, &sums) } else { kernel_sum_row_lists(&lists, nil, &sums) }
    }
    sum(
      rows, list, starts, scaled ? scales : nil, divided ? divisors : nil, divided ? beside : nil, ownRows, slots)
    for number in 0..<6 {
      for column in 0..<stride {
        var sum = list[Int(starts[number])..<Int(starts[number + 1])].reduce(0.0) {
          $0 + Double(scaled ? scales[Int($1)] : 1) * Double(rows[Int($1) * stride + column])
        }
        if divided { sum = sum / Double(divisors[number]) + Double(beside[number * stride + column]) }
        if owned, slots[number] >= 0 { sum += Double(ownRows[Int(slots[number]) * stride + column]) }
        #expect(abs(Double(sums[number * stride + column]) - sum) <= 1e-5 * sum)
      }
    }
  }

  @Test(arguments: [16, 80]) func joinedRowsAreTheSameInBoth(_ stride: Int) {
    var table = (0..<40 * stride).map { Float($0 % 97) }
    let rows = (0..<30).map { Int32(($0 * 7) % 40) }
    var sums = (0..<30 * stride).map { Float($0 % 31) }
    let (oldTable, oldSums) = (table, sums)
    kernel_join_rows(rows, rows.count, stride, &table, &sums)
    for row in 0..<40 {
      let slot = rows.firstIndex(of: Int32(row))
      for column in 0..<stride {
        let wanted = oldTable[row * stride + column] + (slot.map { oldSums[$0 * stride + column] } ?? 0)
        #expect(table[row * stride + column] == wanted)
        if let slot { #expect(sums[slot * stride + column] == wanted) }
      }
    }
  }
}
