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
