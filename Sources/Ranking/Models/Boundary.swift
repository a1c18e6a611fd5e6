import Tensors

/// A user's boundary between the scores of positives and of negatives.
///
/// "User Interest Boundary", WWW 2022, Eq. 3: `b_u = <W, P_u>`, W shared by all users. P_u is the row that scores, after dropout
/// (and, with cosine scores, after normalization).
public final class Boundary {
  public enum Kind: String, Sendable, CaseIterable {
    /// `<W, P_u>`, as printed.
    case linear
    /// `<W, P_u> + c`, as the released code has it.
    case linearBias = "linear_bias"
    /// One free number for each user, at first 0.
    case user
  }

  public let kind: Kind
  /// W and, in a last column, c: one row; or a row of one number for each user.
  public let parameter: Parameter

  /// W and c start uniform in ±1/sqrt(dim), as PyTorch's linear layer.
  public init(_ kind: Kind, dim: Int, userCount: Int, seed: UInt64) throws {
    self.kind = kind
    if kind == .user {
      parameter = try Parameter(name: "boundary", owner: .user, rowCount: userCount) { _, _ in 0 }
      return
    }
    let stream = RandomStream(seed: seed, purpose: "boundary")
    let bound = 1 / Double(dim).squareRoot()
    parameter = try Parameter(
      name: "boundary", owner: .shared, rowCount: 1, columnCount: dim + (kind == .linearBias ? 1 : 0)
    ) { _, column in Float((stream.uniformDouble(at: UInt64(column)) * 2 - 1) * bound) }
  }
}
