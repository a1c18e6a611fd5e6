import CZlib
import Foundation
import Interactions
import Platform

/// Bytes made small by zlib.
enum Packed {
  static func pack(_ bytes: [UInt8]) -> Data {
    var size = compressBound(UInt(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    let code = compress2(&result, &size, bytes, UInt(bytes.count), 6)
    precondition(code == Z_OK, "zlib packs what fits into memory")
    return Data(result[..<Int(size)])
  }

  /// - Throws: `RunStoreError` where the bytes are not what `pack` made of `size` bytes.
  static func unpack(_ data: Data, size: Int) throws -> [UInt8] {
    guard size >= 0 else { throw damaged }
    var result = [UInt8](repeating: 0, count: try Memory.count(size, of: UInt8.self, for: "values of a store of runs"))
    var count = UInt(size)
    let packed = [UInt8](data)
    guard uncompress(&result, &count, packed, UInt(packed.count)) == Z_OK, count == UInt(size) else { throw damaged }
    return result
  }

  static var damaged: RunStoreError {
    RunStoreError(.refused, "values of users in the store of runs are damaged; export the runs without them")
  }
}

/// Values of users, one double each: first all first bytes, then all second ones, which packs better, as exponents resemble each other.
enum PackedDoubles {
  static func pack(_ values: [Double]) -> Data {
    var bytes = [UInt8](repeating: 0, count: values.count * 8)
    for (index, value) in values.enumerated() {
      let bits = value.bitPattern
      for place in 0..<8 { bytes[place * values.count + index] = UInt8(truncatingIfNeeded: bits >> (8 * place)) }
    }
    return Packed.pack(bytes)
  }

  static func unpack(_ data: Data, count: Int) throws -> [Double] {
    let bytes = try Packed.unpack(
      data, size: try Memory.count(count, 8, of: UInt8.self, for: "values of a store of runs"))
    return (0..<count).map { index in
      var bits: UInt64 = 0
      for place in 0..<8 { bits |= UInt64(bytes[place * count + index]) << (8 * place) }
      return Double(bitPattern: bits)
    }
  }
}

/// Identifiers of users, each behind its length in four bytes. Most runs share one list: it is kept once, under its hash.
struct PackedUsers {
  let checksum: String
  let size: Int
  let data: Data

  init(_ users: [String]) {
    var bytes: [UInt8] = []
    for user in users {
      let length = UInt32(user.utf8.count)
      for place in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * place))) }
      bytes += user.utf8
    }
    var hash = ContentHash()
    bytes.withUnsafeBytes { hash.update($0) }
    checksum = hexadecimal(hash.value)
    size = bytes.count
    data = Packed.pack(bytes)
  }

  static func unpack(_ data: Data, size: Int, count: Int) throws -> [String] {
    let bytes = try Packed.unpack(data, size: size)
    var users: [String] = []
    var position = 0
    while position + 4 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
      position += 4
      guard length <= bytes.count - position else { throw Packed.damaged }
      users.append(String(decoding: bytes[position..<position + length], as: UTF8.self))
      position += length
    }
    guard position == bytes.count, users.count == count else { throw Packed.damaged }
    return users
  }
}
