import Foundation
import Testing

@testable import Ranking

/// A loss that reads more than scores, or that holds some of what it computes constant, with an obvious version in float64.
struct PlaneCase: Sendable, CustomTestStringConvertible {
  struct Parts: OptionSet, Sendable {
    let rawValue: Int
    static let boundary = Parts(rawValue: 1)
    static let itemScores = Parts(rawValue: 2)
    static let proposal = Parts(rawValue: 4)
    static let margins = Parts(rawValue: 8)
  }

  let name: String
  var parts: Parts = []
  /// Whether scores must not be above 0.
  var areDistances = false
  /// The largest score, by size, that gives a finite loss.
  var largest: Float = 1e30
  /// Whether hinges or choices among equal scores want scores on a lattice.
  var lattice = true
  let make: @Sendable () throws -> Loss
  /// The loss of `inputs`; what is constant is found at `base`.
  let reference: @Sendable (_ inputs: PlaneInputs, _ base: PlaneInputs) -> Double
  var testDescription: String { name }

  func inputs(rows: Int, negatives: Int, seed: UInt64) -> PlaneInputs {
    PlaneInputs(rows: rows, negatives: negatives, lattice: lattice, shift: areDistances ? -1.5 : 0, seed: seed)
  }

  /// The loss, knowing the train part and with the margins of `inputs`.
  func make(_ inputs: PlaneInputs) throws -> Loss {
    let loss = try make()
    try loss.attach(to: inputs.train)
    for parameter in loss.parameters {
      try parameter.setValues((parameter.owner == .user ? inputs.userMargins : inputs.itemMargins).map(Float.init))
    }
    return loss
  }

  static let all = distances + proposals + boundaries + symmetric + ranked + denoising + weighted
}

private func relu(_ x: Double) -> Double { max(x, 0) }
private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func single(_ x: Double) -> Double { Double(Float(x)) }

/// `make`, then `set`.
private func with<L: Loss>(_ loss: L, _ set: (L) -> Void) -> L {
  set(loss)
  return loss
}

extension PlaneInputs {
  /// A sum over rows.
  fileprivate func sum(_ term: (_ row: Int) -> Double) -> Double { (0..<rowCount).reduce(0) { $0 + term($1) } }
  fileprivate func mean(_ term: (_ row: Int) -> Double) -> Double { sum(term) / Double(rowCount) }
  /// A sum over negatives, by their place in a row.
  fileprivate func sum(_ row: Int, _ term: (_ slot: Int) -> Double) -> Double {
    (0..<negativeCount).reduce(0) { $0 + term($1) }
  }
}

extension PlaneCase {
  private static let distances: [PlaneCase] = {
    let triplet = PlaneCase(
      name: "triplet root", areDistances: true,
      make: {
        with(TripletLoss()) {
          $0.distance = .root
          $0.margin = 0.3
        }
      },
      reference: { x, _ in
        x.mean { b in
          x.sum(b) { relu((-x.positives[b]).squareRoot() - (-x.negatives[b][$0]).squareRoot() + single(0.3)) }
            / Double(x.negativeCount)
        }
      })
    let contrastive = ScoreDistance.allCases.flatMap { distance in
      [true, false].map { squared in
        @Sendable func d(_ s: Double) -> Double {
          switch distance {
          case .negated: -s
          case .root: (-s).squareRoot()
          case .cosine: 1 - s
          }
        }
        return PlaneCase(
          name: "contrastive \(distance) \(squared ? "squared" : "linear")", areDistances: distance != .cosine,
          largest: 1e15,
          make: {
            with(ContrastiveLoss()) {
              $0.distance = distance
              $0.form = squared ? .squared : .linear
              // Its square too is far from the lattice.
              $0.margin = 1.22
              $0.reduction = squared ? .sum : .mean
            }
          },
          reference: { x, _ in
            let total = x.sum { b in
              let gaps = x.negatives[b].map { relu(single(1.22) - d($0)) }
              return squared
                ? d(x.positives[b]) * d(x.positives[b]) + gaps.reduce(0) { $0 + $1 * $1 }
                : d(x.positives[b]) + gaps.reduce(0, +)
            }
            return squared ? total : total / Double(x.rowCount * (1 + x.negativeCount))
          })
      }
    }
    return [triplet] + contrastive
  }()

  private static let proposals: [PlaneCase] = {
    let softmax = SampledSoftmaxLoss.Correction.allCases.map { correction in
      PlaneCase(
        name: "sampled softmax \(correction)", parts: .proposal,
        make: { with(SampledSoftmaxLoss(correction: correction)) { $0.temperature = 0.5 } },
        reference: { x, _ in
          x.mean { b in
            let own = 2 * x.positives[b] - (correction == .both ? x.positiveLogProposal[b] : 0)
            let others = x.negatives[b].indices.map {
              2 * x.negatives[b][$0] - (correction == .none ? 0 : x.logProposal[b][$0])
            }
            return logSumExp([own] + others) - own
          }
        })
    }
    func importance(_ name: String, _ parts: Parts, through: Bool, _ make: @escaping @Sendable () -> Loss) -> PlaneCase
    {
      PlaneCase(
        name: name, parts: parts, make: make,
        reference: { x, base in
          x.mean { b in
            let at = through ? x : base
            let logits = at.negatives[b].indices.map {
              2 * at.negatives[b][$0] - (parts.contains(.proposal) ? at.logProposal[b][$0] : 0)
            }
            return x.sum(b) { exp(logits[$0] - logSumExp(logits)) * softplus(x.negatives[b][$0] - x.positives[b]) }
          }
        })
    }
    @Sendable func temperate(_ loss: ImportanceLoss) -> ImportanceLoss { with(loss) { $0.temperature = 0.5 } }
    return softmax + [
      importance("pris", [], through: true) { temperate(ImportanceLoss()) },
      importance("pris with proposal", .proposal, through: true) { temperate(ImportanceLoss()) },
      importance("pris, constant weights", .proposal, through: false) {
        temperate(ImportanceLoss(differentiatesWeights: false))
      },
      importance("self-adversarial", [], through: false) { temperate(.selfAdversarial()) },
    ]
  }()

  private static let boundaries: [PlaneCase] = BoundaryLoss.Shape.allCases.flatMap { shape in
    [(BoundaryLoss.Negatives.sum, false), (.mean, false), (.sum, true)].map { negatives, released in
      PlaneCase(
        name: "uib \(shape) \(negatives)\(released ? " released" : "")", parts: .boundary,
        make: {
          with(BoundaryLoss()) {
            $0.shape = shape
            $0.margin = 0.5
            $0.alpha = 0.25
            $0.negatives = negatives
            $0.hasReleasedWeights = released
            $0.reduction = released ? .mean : .sum
          }
        },
        reference: { x, _ in
          func phi(_ x: Double) -> Double { shape == .logistic ? softplus(x) : relu(x + 0.5) }
          let total = x.sum { b in
            let costs = x.sum(b) { phi(x.negatives[b][$0] - x.boundary[b]) }
            return (released ? 0.75 : 1) * phi(x.boundary[b] - x.positives[b])
              + 0.25 * (negatives == .mean ? costs / Double(x.negativeCount) : costs)
          }
          return released ? total / Double(x.rowCount) : total
        })
    }
  }

  private static let symmetric: [PlaneCase] = [false, true].flatMap { hasBoundary in
    SymmetricMetricLoss.MarginMean.allCases.map { marginMean in
      PlaneCase(
        name: "sml\(hasBoundary ? "_uib" : "") \(marginMean)",
        parts: hasBoundary ? [.itemScores, .margins, .boundary] : [.itemScores, .margins],
        make: {
          with(SymmetricMetricLoss(hasBoundary: hasBoundary)) {
            $0.itemWeight = 0.25
            $0.marginWeight = 8
            $0.alpha = 2
            $0.marginMean = marginMean
          }
        },
        reference: { x, _ in
          let m = x.users.map { x.userMargins[Int($0)] }
          let n = x.items.map { x.itemMargins[Int($0[0])] }
          let hinges = x.sum { b in
            let rival = hasBoundary ? x.boundary[b] : x.positives[b]
            return x.sum(b) { relu(x.negatives[b][$0] - rival + m[b]) }
              + 0.25 * x.sum(b) { relu(x.itemScores[b][$0] - x.positives[b] + n[b]) }
              + (hasBoundary ? 2 * relu(rival - x.positives[b] + m[b]) : 0)
          }
          let (users, items) = marginMean == .batch ? (m, n) : (x.userMargins, x.itemMargins)
          func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
          return hinges - 8 * (mean(users) + mean(items))
        })
    }
  }

  private static let ranked: [PlaneCase] = {
    let warp = WARPLoss.Weight.allCases.map { weight in
      PlaneCase(
        name: "warp \(weight)",
        make: {
          with(WARPLoss()) {
            $0.weight = weight
            $0.margin = 0.3
            $0.maximumWeight = 3
            $0.reduction = weight == .harmonic ? .mean : .sum
          }
        },
        reference: { x, base in
          let total = x.sum { b in
            let known = base.train.items(of: Int(base.users[b]))
            for slot in 0..<x.negativeCount
            where base.negatives[b][slot] > base.positives[b] - single(0.3) && !known.contains(base.items[b][slot + 1])
            {
              let rank = max(1, 29 / (slot + 1))
              let raw =
                weight == .logarithm ? log(Double(rank)) : (1...rank).reduce(0.0) { $0 + 1 / Double($1) }
              return min(3, raw) * (single(0.3) + x.negatives[b][slot] - x.positives[b])
            }
            return 0
          }
          return weight == .harmonic ? total / Double(x.rowCount) : total
        })
    }
    let cml = PlaneCase(
      name: "cml",
      make: {
        with(CMLLoss()) {
          $0.margin = 0.5
          $0.reduction = .sum
        }
      },
      reference: { x, base in
        x.sum { b in
          let hardest = base.negatives[b].indices.max {
            (base.negatives[b][$0], -$0) < (base.negatives[b][$1], -$1)
          }!
          let impostors = base.negatives[b].count { $0 - base.positives[b] + 0.5 > 0 }
          let rank = 30 * Double(impostors) / Double(x.negativeCount)
          return log(rank + 1) * relu(x.negatives[b][hardest] - x.positives[b] + 0.5)
        }
      })
    return warp + [cml]
  }()

  private static let denoising: [PlaneCase] = {
    let reweighted = [
      PlaneCase(
        name: "rce", make: { ReweightedLoss(beta: 0.5) },
        reference: { x, base in
          x.sum { b in
            pow(sigmoid(base.positives[b]), 0.5) * softplus(-x.positives[b])
              + x.sum(b) { pow(sigmoid(-base.negatives[b][$0]), 0.5) * softplus(x.negatives[b][$0]) }
          } / Double(x.rowCount * (1 + x.negativeCount))
        }),
      PlaneCase(
        name: "rce_bpr", make: { ReweightedLoss(isPairwise: true, beta: 0.5) },
        reference: { x, base in
          x.mean { b in
            x.sum(b) {
              pow(sigmoid(base.positives[b] - base.negatives[b][$0]), 0.5)
                * softplus(x.negatives[b][$0] - x.positives[b])
            } / Double(x.negativeCount)
          }
        }),
    ]
    // 0.7 leaves no positive and drops negatives too, where there are few of them.
    let truncated = [0.0, 0.3, 0.7].flatMap { rate in
      [false, true].map { isPairwise in
        PlaneCase(
          name: "tce\(isPairwise ? "_bpr" : "") \(rate)", lattice: false,
          make: {
            with(TruncatedLoss(isPairwise: isPairwise, dropRate: Schedule(rate), gradualSteps: 0)) {
              $0.reduction = rate == 0.3 ? .mean : .sum
            }
          },
          reference: { x, base in
            func terms(_ x: PlaneInputs) -> [(label: Double, loss: Double)] {
              (0..<x.rowCount).flatMap { b -> [(label: Double, loss: Double)] in
                isPairwise
                  ? x.negatives[b].map { (1, softplus($0 - x.positives[b])) }
                  : [(1, softplus(-x.positives[b]))] + x.negatives[b].map { (0, softplus($0)) }
              }
            }
            let at = terms(base)
            let kept = Int((1 - rate) * Double(at.count))
            let order = at.indices.sorted { (at[$0].label * at[$0].loss, $0) < (at[$1].label * at[$1].loss, $1) }
            let now = terms(x)
            let total = order.prefix(kept).reduce(0) { $0 + now[$1].loss }
            return rate == 0.3 ? total / Double(kept) : total
          })
      }
    }
    return reweighted + truncated
  }()

  private static let weighted: [PlaneCase] = [false, true].map { everyTriplet in
    /// Any function of a triplet.
    @Sendable func weight(_ user: Int32, _ item: Int32) -> Double { Double((user * 7 + item * 3) % 5) * 0.5 + 0.25 }
    return PlaneCase(
      name: "weighted_bpr by \(everyTriplet ? "triplet" : "positive")",
      make: {
        with(
          WeightedPairwiseLoss { batch in
            let width = 1 + batch.negativeCount
            return batch.users.indices.flatMap { b in
              let items = batch.items[b * width..<(b + 1) * width]
              return (everyTriplet ? items.dropFirst() : items.prefix(1)).map { Float(weight(batch.users[b], $0)) }
            }
          }
        ) { $0.reduction = everyTriplet ? .mean : .sum }
      },
      reference: { x, _ in
        let total = x.sum { b in
          x.sum(b) {
            weight(x.users[b], x.items[b][everyTriplet ? $0 + 1 : 0]) * softplus(x.negatives[b][$0] - x.positives[b])
          }
        }
        return everyTriplet ? total / Double(x.rowCount * x.negativeCount) : total
      })
  }
}
