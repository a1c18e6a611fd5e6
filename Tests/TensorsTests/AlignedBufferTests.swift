import Platform
import Testing

@testable import Tensors

@Suite struct AlignedBufferTests {
  @Test func sizesThatCannotBeHadAreErrorsThatSayWhatFor() throws {
    for count in [-1, .min, .max, .max / 4, 1 << 50] {
      let error = #expect(throws: MemoryError.self) {
        try AlignedBuffer<Float>(count: count, repeating: 0, for: "a batch of \(count) rows")
      }
      #expect(error?.description.hasPrefix("a batch of \(count) rows needs ") == true)
    }
  }

  @Test(arguments: [0, 1, 17, 1 << 20])
  func whatIsThereIsGivenFilledAndAligned(count: Int) throws {
    let buffer = try AlignedBuffer<Float>(count: count, repeating: 3, for: "numbers")
    #expect(buffer.count == count)
    #expect(buffer.prefix(count).allSatisfy { $0 == 3 })
    #expect(UInt(bitPattern: buffer.base) % (count >= 1 << 19 ? 2 << 20 : 64) == 0)
  }

  private struct Wide: BitwiseCopyable, Equatable {
    var numbers: (Int64, Int64, Int64, Int64, Int64) = (1, 2, 3, 4, 5)
    static func == (a: Wide, b: Wide) -> Bool { a.numbers == b.numbers }
  }

  /// Around the length of the block that is copied, of elements that divide it and elements that do not.
  @Test(arguments: [1, 2, 101, 102, 103, 204, 511, 512, 513, 1023, 1024, 1025, 5000])
  func everyElementIsFilledAndNothingBeyond(count: Int) {
    let bytes = AlignedBuffer<UInt8>(count: count + 1, repeating: 9)
    bytes[count] = 7
    let wide = AlignedBuffer<Wide>(count: count, repeating: Wide())
    #expect(wide.prefix(count).allSatisfy { $0 == Wide() })
    let numbers = AlignedBuffer<Double>(count: count, repeating: -0.5)
    numbers.fill(2.25)
    #expect(numbers.prefix(count).allSatisfy { $0 == 2.25 })
    #expect(bytes.prefix(count).allSatisfy { $0 == 9 } && bytes[count] == 7)
  }
}
