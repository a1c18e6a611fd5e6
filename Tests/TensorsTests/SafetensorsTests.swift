import Foundation
import Platform
import TestSupport
import Testing

@testable import Tensors

/// Files of tensors by name: the same bits again, files that others wrote, and whatever is no such file.
@Suite struct SafetensorsTests {
  private let folder: TestSupport.TemporaryFolder = .init()

  @Test func whatWasWrittenIsReadToTheBit() throws {
    let numbers: [Float] = [
      0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
    ]
    let names = ["a", "with \"quotes\" and \\ and \n", "é \u{1F319}", ""]
    let file = try SafetensorsFile(
      [
        (names[0], Tensor(numbers, shape: [2, 4])), (names[1], Tensor([3], shape: [])),
        (names[2], Tensor.zeros([0, 5])), (names[3], Tensor(numbers, shape: [8]).reshaped([4, 2]).transposed()),
      ], metadata: [("model", "mf"), ("note", "tab\tand {\"json\": [1]}")])
    let path = folder.path + "/a.safetensors"
    try file.write(path)
    let back = try SafetensorsFile.read(path)
    #expect(back.tensors.map(\.name) == names)
    #expect(back.metadata.map(\.name) == ["model", "note"] && back.metadata.map(\.text) == file.metadata.map(\.text))
    for (own, other) in zip(file.tensors, back.tensors) {
      #expect(own.tensor.shape == other.tensor.shape)
      #expect(try own.tensor.elements().map(\.bitPattern) == other.tensor.elements().map(\.bitPattern))
    }
    // Elements begin at a multiple of eight bytes.
    let bytes = try RegularFile.bytes(of: path)
    let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    #expect(length % 8 == 0)
  }

  /// Written by safetensors 0.8 for Python.
  private static let given =
    "iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgXCJoYW5kXCIgw6kifSwiaW50Ijp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXS"
    + "wiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJ3aWRlIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlsxNiw0OF19"
    + "LCJmIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNDgsNTZdfSwiaGFsZiI6eyJkdHlwZSI6IkYxNiIsInNoYX"
    + "BlIjpbNV0sImRhdGFfb2Zmc2V0cyI6WzU2LDY2XX0sImJ5dGUiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzY2"
    + "LDY3XX0sImZsYWciOnsiZHR5cGUiOiJCT09MIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNjcsNjldfX0gICAgIPn/////////AAAAAA"
    + "ABAAAAAAAAAADwPwAAAAAAAABAAAAAAAAACEBZ8/jCH26lAc3MzD0AAACAAD4AtP97AQAAfMgBAA=="

  @Test func otherTypesOfOthersAreRead() throws {
    let bytes = [UInt8](try #require(Data(base64Encoded: Self.given)))
    let file = try SafetensorsFile.read(folder.write("b.safetensors", bytes))
    let found = try Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, try $0.tensor.elements()) })
    #expect(found["half"] == [1.5, -0.25, 65504, 0x1p-24, .infinity])
    #expect(found["wide"] == [1, 2, 3, 0] && found["int"] == [-7, 0x1p40] && found["flag"] == [1, 0])
    #expect(found["byte"] == [200] && found["f"] == [0.1, -0.0])
    #expect(file.tensors.first { $0.name == "wide" }?.tensor.shape == [2, 2])
    #expect(file.metadata.map(\.text) == ["by \"hand\" é"])
    // Cut anywhere, or with any byte changed, it is refused or read, and never more than that.
    for length in bytes.indices { check(Array(bytes[..<length])) }
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= UInt8(1 << (place % 8))
      check(changed)
    }
  }

  private func check(_ bytes: [UInt8]) {
    do {
      let file = try SafetensorsFile.read(folder.write("b.safetensors", bytes))
      #expect(file.tensors.reduce(0) { $0 + $1.tensor.count } <= bytes.count)
    } catch { #expect("\(error)".contains("b.safetensors"), "\(error)") }
  }

  @Test func whatIsNoSuchFileIsRefused() throws {
    func refusal(_ header: String, _ elements: [UInt8] = []) throws -> String {
      let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
      do {
        _ = try SafetensorsFile.read(folder.write("c.safetensors", length + Array(header.utf8) + elements))
        return "none"
      } catch { return "\(error)" }
    }
    #expect(try refusal("{\"x\":3}").contains("tensor 'x' is no object"))
    #expect(try refusal("{\"x\":").contains("no JSON object (byte"))
    #expect(try refusal("[]").contains("no JSON object"))
    #expect(try refusal("{\"x\":{\"dtype\":\"F8\",\"shape\":[],\"data_offsets\":[0,1]}}", [1]).contains("dtype 'F8'"))
    #expect(
      try refusal("{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", [0, 0, 0, 0])
        .contains("has 4 bytes, which a shape of [2] has not"))
    #expect(
      try refusal("{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}").contains("truncated"))
    #expect(
      try refusal("{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", [0, 0, 0, 0])
        .contains("shape other than whole numbers"))
    #expect(
      try refusal("{\"x\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}")
        .contains("which a shape of"))
    #expect(try refusal(String(repeating: "[", count: 100_000)).contains("no JSON object"))
    let path = folder.write("c.safetensors", [1, 2, 3])
    #expect(throws: TensorError.self) { try SafetensorsFile.read(path) }
    #expect(throws: TensorError.self) { try SafetensorsFile.read(path + "/missing") }
    #expect(throws: TensorError.self) { try SafetensorsFile([]).write(path + "/below/a/file") }
  }
}
