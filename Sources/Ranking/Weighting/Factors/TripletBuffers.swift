import Kernels
import Platform
import Tensors

/// What a pass over triplets writes: rows are `stride` floats, zero beyond the dimension.
struct TripletBuffers {
  typealias Floats = UnsafeMutablePointer<Float>

  enum Part: Int, CaseIterable {
    case users, interests, items, stateUsers, stateItems, shifted, states, hidden, losses, slopes, weights, factors,
      units
    case weightSlopes, weightCurves, elsewhereSlopes, elsewhereCurves
    case rowGradients, hiddenSlopes, stateSlopes, attachedUsers, attachedItems, centerGradients
    case userSums, itemSums
    case movedUsers, movedItems, movedLosses, movedSlopes, userMotions, interestMotions, itemMotions
    case stateUserMotions, stateItemMotions, stateMotions, hiddenMotions, outputMotions, lossMotions, direct, through,
      sums
    case tableUsers, tableItems, userShares
    // Rows a step along v or against it.
    case elsewhereUsers, elsewhereInterests, elsewhereItems, elsewhereStateUsers, elsewhereShifted, differences
    case hiddenColumns, stateColumns, bias, output
  }

  /// p, eta and q of the batch's users and items: p and q as they score.
  let users, interests, items: Floats
  /// p and q of the tables, of which states are made: the same where these score.
  let stateUsers, stateItems: Floats
  /// What stands for the items in states: q + α Φ_c, or q itself.
  let shifted: Floats
  /// s, `[B, 2 stride]`, and z, `[B, stride]`.
  let states, hidden: Floats
  /// l, its derivative by <p, q_j - q_i>, and w, `[B]` each.
  let losses, slopes, weights: Floats
  /// The derivative of w by the network's last number o, and the second one as a multiple of it, `[B]` each.
  let weightSlopes, weightCurves: Floats
  /// Scratch, `[B]`; and B ones.
  let factors, units: Floats
  /// Of p, of the positive and of the negative, `[B, 3, stride]`.
  let rowGradients: Floats
  /// `[B, stride]` and `[B, 2 stride]`.
  let hiddenSlopes, stateSlopes: Floats
  /// Derivatives of the weighted loss through the weights, and of all of it, by user and item.
  let attachedUsers, attachedItems, userSums, itemSums: Floats
  /// Of the centers of clusters, what is said of them beside the losses.
  let centerGradients: Floats
  /// The rows after the look-ahead step, and their losses.
  let movedUsers, movedItems, movedLosses, movedSlopes: Floats
  /// v: the outer loss's derivatives there.
  let userMotions, interestMotions, itemMotions: Floats
  /// The same of the tables' rows.
  let stateUserMotions, stateItemMotions: Floats
  /// A row for each of all rows of both tables: what is said of them, and then v. Where they score themselves only those of the batch are
  /// written.
  let tableUsers, tableItems: Floats
  /// By user of the data, what an item's row counts in the aggregate; those of the batch.
  let userShares: Floats
  /// What states, hidden numbers, outputs and losses do along v.
  let stateMotions, hiddenMotions, outputMotions, lossMotions: Floats
  /// Factors of the derivatives of o, and of those of its motion, `[B]`.
  let direct, through: Floats

  init(
    _ memory: KeptFloats<Part>, triplets: Int, users userCount: Int, items itemCount: Int, centers: Int,
    stride: Int, tables: (users: Int, items: Int), isEncoded: Bool
  ) throws {
    func users(_ part: Part) throws -> Floats { try memory(part, userCount, stride) }
    func items(_ part: Part) throws -> Floats { try memory(part, itemCount, stride) }
    func numbers(_ part: Part) throws -> Floats { try memory(part, 1, triplets) }
    (self.users, interests, self.items) = (try users(.users), try users(.interests), try items(.items))
    stateUsers = isEncoded ? try users(.stateUsers) : self.users
    stateItems = isEncoded ? try items(.stateItems) : self.items
    shifted = centers > 0 ? try items(.shifted) : stateItems
    states = try memory(.states, triplets, 2 * stride)
    hidden = try memory(.hidden, triplets, stride)
    (losses, slopes, weights) = (try numbers(.losses), try numbers(.slopes), try numbers(.weights))
    (weightSlopes, weightCurves) = (try numbers(.weightSlopes), try numbers(.weightCurves))
    (factors, units) = (try numbers(.factors), try numbers(.units))
    rowGradients = try memory(.rowGradients, triplets, 3 * stride)
    hiddenSlopes = try memory(.hiddenSlopes, triplets, stride)
    stateSlopes = try memory(.stateSlopes, triplets, 2 * stride)
    (attachedUsers, userSums) = (try users(.attachedUsers), try users(.userSums))
    (attachedItems, itemSums) = (try items(.attachedItems), try items(.itemSums))
    centerGradients = try memory(.centerGradients, centers, stride)
    (movedUsers, movedItems) = (try users(.movedUsers), try items(.movedItems))
    (movedLosses, movedSlopes) = (try numbers(.movedLosses), try numbers(.movedSlopes))
    (userMotions, interestMotions) = (try users(.userMotions), try users(.interestMotions))
    itemMotions = try items(.itemMotions)
    stateUserMotions = isEncoded ? try users(.stateUserMotions) : userMotions
    stateItemMotions = isEncoded ? try items(.stateItemMotions) : itemMotions
    tableUsers = try memory(.tableUsers, tables.users, stride)
    tableItems = try memory(.tableItems, tables.items, stride)
    userShares = try memory(.userShares, 1, tables.users)
    stateMotions = try memory(.stateMotions, triplets, 2 * stride)
    hiddenMotions = try memory(.hiddenMotions, triplets, stride)
    (outputMotions, lossMotions) = (try numbers(.outputMotions), try numbers(.lossMotions))
    (direct, through) = (try numbers(.direct), try numbers(.through))
    units.update(repeating: 1, count: triplets)
  }
}

/// The network's numbers as kernels read them: padded to whole vectors.
struct PaddedNetwork {
  /// W1 with states of `2 stride` numbers: `[2 stride, stride]`, and the other way, `[stride, 2 stride]`.
  let hiddenColumns, stateColumns: UnsafeMutablePointer<Float>
  /// b1 and W2, `[stride]`.
  let bias, output: UnsafeMutablePointer<Float>
  let offset: Float
  let activation: Int32

  init(_ network: TripletNetwork, stride: Int, memory: KeptFloats<TripletBuffers.Part>) throws {
    let dim = network.width
    hiddenColumns = try memory(.hiddenColumns, 2 * stride, stride)
    stateColumns = try memory(.stateColumns, stride, 2 * stride)
    bias = try memory(.bias, 1, stride)
    output = try memory(.output, 1, stride)
    for pointer in [hiddenColumns, stateColumns] { pointer.update(repeating: 0, count: 2 * stride * stride) }
    for (pointer, parameter) in [(bias, network.bias), (output, network.output)] {
      pointer.update(repeating: 0, count: stride)
      pointer.update(from: parameter.values, count: dim)
    }
    for row in 0..<dim {
      let numbers = network.hidden.values + row * network.hidden.rowStride
      for side in 0..<2 {
        for column in 0..<dim {
          let number = numbers[side * dim + column]
          hiddenColumns[(side * stride + column) * stride + row] = number
          stateColumns[row * 2 * stride + side * stride + column] = number
        }
      }
    }
    offset = network.offset.values[0]
    activation = network.activation.kernelCode
  }
}
