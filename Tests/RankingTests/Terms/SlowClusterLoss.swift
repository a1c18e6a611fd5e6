import Tensors

@testable import Ranking

/// The loss of learned clusters, of tensors that record what is done with them: slow and obvious.
struct SlowClusterLoss {
  /// `[B, d]`
  let users: Tensor
  /// `[M, d]`: distinct items.
  let items: Tensor
  /// Which of them the positive and the negatives of each row are, `[B, 1 + N]`.
  let slots: [Int]
  /// `[B, N]`; 0 where `nil`.
  let logProposal: Tensor?
  let centers: Tensor
  let similarity: Tensor
  let lean: Tensor
  let temperature: Float
  let form: LearnedClusterTerm.Form

  /// `[M, K]`
  func similarities() throws -> Tensor {
    let turned = try centers.matrixProduct(similarity.transposed()) * 0.5
    return try items.matrixProduct(turned.transposed()) + lean.matrixProduct(centers.transposed())
  }

  /// What stands for each item, `[M, d]`.
  func itemCenters() throws -> Tensor {
    let similarities = try similarities()
    let soft = try (similarities * (1 / temperature)).softmax()
    guard form == .straightThrough else { return try soft.matrixProduct(centers) }
    let hard = try hardAssignments(similarities.detached())
    return try (soft + (hard - soft.detached())).matrixProduct(centers)
  }

  /// 1 at each item's most similar center, of equally similar ones the first.
  private func hardAssignments(_ similarities: Tensor) throws -> Tensor {
    let best = try similarities.argumentOfMaximum(axis: 1).elements()
    let hard = try Tensor.zeros(similarities.shape)
    let width = similarities.shape[1]
    try hard.withMutableElements { for (item, center) in best.enumerated() { $0[item * width + Int(center)] = 1 } }
    return hard
  }

  func loss() throws -> Tensor {
    let (rows, width) = (users.shape[0], users.shape[1])
    let columns = slots.count / rows
    let met = try itemCenters().gather(slots).reshaped([rows, columns, width])
    let scores = try (met * users.reshaped([rows, 1, width])).sum(axes: [2])
    let positive = try scores.narrowed(axis: 1, to: 0..<1)
    let negatives = try scores.narrowed(axis: 1, to: 1..<columns)
    let weights = try (logProposal.map { try negatives - $0 } ?? negatives).softmax()
    return try (weights * (negatives - positive).softplus()).sum(axes: [1]).mean()
  }
}
