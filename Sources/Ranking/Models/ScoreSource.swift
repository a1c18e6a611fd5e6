/// A model's scores where they are not a product of factors (a tower of layers, a function in a script).
///
/// A `FactorScores` is ranked many times faster; use this only where there is none.
public protocol ScoreSource {
  var userCount: Int { get }
  var itemCount: Int { get }

  /// Writes the scores of all items for each of `users`: `[users.count, itemCount]`, row major.
  ///
  /// Called from the caller's thread, one block of users at a time.
  func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws

  /// The scores of some items for one user, `[items.count]`: for candidates, of which there are few. By default chosen from all.
  func scores(user: Int32, items: [Int32]) throws -> [Float]
}

extension ScoreSource {
  public func scores(user: Int32, items: [Int32]) throws -> [Float] {
    var all = [Float](repeating: .nan, count: itemCount)
    try all.withUnsafeMutableBufferPointer { try scores(users: [user][...], into: $0) }
    return items.map { all[Int($0)] }
  }
}

/// A score source made of a closure.
public struct ClosureScores: ScoreSource {
  public let userCount: Int
  public let itemCount: Int
  private let body: (ArraySlice<Int32>, UnsafeMutableBufferPointer<Float>) throws -> Void

  public init(
    userCount: Int, itemCount: Int,
    _ body: @escaping (_ users: ArraySlice<Int32>, _ scores: UnsafeMutableBufferPointer<Float>) throws -> Void
  ) {
    self.userCount = userCount
    self.itemCount = itemCount
    self.body = body
  }

  public func scores(users: ArraySlice<Int32>, into scores: UnsafeMutableBufferPointer<Float>) throws {
    try body(users, scores)
  }
}
