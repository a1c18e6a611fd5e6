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
}
