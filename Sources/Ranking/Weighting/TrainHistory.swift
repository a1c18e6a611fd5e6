import Interactions

/// Who has what in the train part, both ways.
final class TrainHistory {
  let train: InteractionMatrix
  private let byItem: InteractionMatrix

  init(_ train: InteractionMatrix) {
    self.train = train
    byItem = train.transposed()
  }

  /// Places of a user's items in `train.items`.
  func items(of user: Int32) -> Range<Int> { train.rowOffsets[Int(user)]..<train.rowOffsets[Int(user) + 1] }

  /// Item after item.
  var usersByItem: [Int32] { byItem.items }

  /// Places of an item's users in `usersByItem`.
  func users(of item: Int) -> Range<Int> { byItem.rowOffsets[item]..<byItem.rowOffsets[item + 1] }
}
