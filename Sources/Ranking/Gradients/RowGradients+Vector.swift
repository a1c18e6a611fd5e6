import Kernels
import Tensors

/// The gradient of a parameter as a vector.
extension RowGradients {
  /// Multiplies all of it.
  func scale(_ factor: Float) {
    let count = valueCount
    withValues { values in for place in 0..<count { values![place] *= factor } }
  }

  /// The inner product with another gradient of the same parameter, in float64, in the order of this one's rows.
  func dot(_ other: RowGradients) -> Double {
    guard !other.places.isEmpty else { return 0 }
    var sum = 0.0
    reading { values in
      other.reading { others in
        for row in rows where other.places[Int(row)] >= 0 {
          let (mine, theirs) = (Int(places[Int(row)]) * stride, Int(other.places[Int(row)]) * stride)
          for column in 0..<columns { sum += Double(values![mine + column]) * Double(others![theirs + column]) }
        }
      }
    }
    return sum
  }

  /// Squared norm, added up in pieces of one length whatever the number of threads.
  func squares(pool: ThreadPool) -> Double {
    let (piece, count) = (1 << 15, valueCount)
    var squares = [Double](repeating: 0, count: (count + piece - 1) / piece)
    withValues { values in
      squares.withUnsafeMutableBufferPointer { squares in
        let shared = Shared((values: values, squares: squares))
        pool.run(count: count, grain: piece) { range in
          shared.value.squares[range.lowerBound / piece] = kernel_sum_of_squares(
            shared.value.values! + range.lowerBound, range.count)
        }
      }
    }
    return squares.reduce(0, +)
  }

  /// The gradient of all rows, `[rowCount, columnCount]`, 0 for those without one.
  public func dense() -> [Float] {
    var result = [Float](repeating: 0, count: parameter.rowCount * columns)
    withValues { values in
      for row in rows {
        let start = Int(places[Int(row)]) * stride
        for column in 0..<columns { result[Int(row) * columns + column] = values![start + column] }
      }
    }
    return result
  }

  /// Those of its rows without padding, `[rows.count, columnCount]`.
  func compactValues() -> [Float] {
    withValues { values in
      rows.flatMap { UnsafeBufferPointer(start: values! + Int(places[Int($0)]) * stride, count: columns) }
    }
  }
}
