import Tensors
import Testing

@testable import Laboratory

@Suite struct EventRecordTests {
  /// RFC 3720, appendix B.4.
  @Test func checksumsOfTheStandard() {
    #expect(EventRecord.checksum(Array(repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(EventRecord.checksum(Array(repeating: 0xff, count: 32)) == 0x62a8_ab43)
    #expect(EventRecord.checksum(Array(0..<32)) == 0x46dd_794e)
    #expect(EventRecord.checksum(Array((0..<32).reversed())) == 0x113f_db5c)
    #expect(EventRecord.checksum(Array("123456789".utf8)) == 0xe306_9283)
    #expect(EventRecord.checksum([]) == 0)
  }

  /// What `tensorboard` 2.21.0 writes of the same events, by its own messages and its `RecordWriter`.
  @Test func eventsAreThoseOfTensorBoard() {
    let time = 1_700_000_000.25
    let bytes =
      EventRecord.framed(EventRecord.version(time: time))
      + EventRecord.framed(EventRecord.sessionStart(step: 3, time: time))
      + EventRecord.framed(EventRecord.scalars([("loss", 0.5), ("valid/ndcg@20", -1.25)], step: 300, time: time))
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    #expect(
      digits == "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9"
        + "0f000000000000006d532b090900001040fc54d94110033a0208019481124c"
        + "31000000000000009d8383e90900001040fc54d94110ac022a230a0b0a046c6f7373150000003f0a140a0d76616c69642f6e646367403230"
        + "150000a0bf4a605d73")
  }

  @Test func checksumsAgreeWithOneBitAfterAnother() {
    var generator = RandomStream(seed: 1, purpose: "checksums").generator()
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(EventRecord.checksum(bytes) == PlainEvents.checksum(bytes))
    }
  }

  @Test func stepsOfAnySizeAndTextsOfAnyLength() throws {
    for step in [0, 1, 127, 128, 300, 1 << 20, Int.max] {
      let tag = String(repeating: "é", count: step % 1000)
      let file = EventRecord.framed(EventRecord.scalars([(tag, -1.5)], step: step, time: 1.5))
      let found = try PlainEvents.scalars(file)
      #expect(found.count == 1 && found[0].step == step && found[0].values == [tag: -1.5])
    }
  }
}
