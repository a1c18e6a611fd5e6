import Kernels
import Tensors

/// L2 of rows.
extension RowGradients {
  /// Adds the gradient of weight/2 |row|² to the rows that have a gradient.
  func addSquaredNorm(weight: Float, pool: ThreadPool) {
    let (stride, parameterValues) = (stride, parameter.table.values.base)
    withValues { sums in
      rows.withUnsafeBufferPointer { rows in
        let shared = Shared((gradients: self, sums: sums, values: parameterValues, rows: rows))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          shared.value.gradients.forEachRun(of: shared.value.rows, range) { run, place in
            kernel_add_scaled_rows(
              shared.value.sums! + place * stride, shared.value.values, shared.value.rows.baseAddress! + run.lowerBound,
              Int64(run.count), Int64(stride), weight)
          }
        }
      }
    }
  }

  /// The same for distinct rows, each with a weight, which have a gradient from then on.
  func addSquaredNorms(weights: [Float], rows: [Int32], pool: ThreadPool) {
    let places = places(of: rows)
    let (stride, columns) = (stride, columns)
    withValues { sums in
      let shared = Shared(
        (sums: sums, values: UnsafePointer(parameter.values), places: places, rows: rows, weights: weights))
      pool.run(count: rows.count, grain: max(1, 16384 / stride)) { range in
        let work = shared.value
        work.places.withUnsafeBufferPointer { places in
          work.rows.withUnsafeBufferPointer { rows in
            work.weights.withUnsafeBufferPointer { weights in
              let first = range.lowerBound
              kernel_add_weighted_rows(
                work.sums!, places.baseAddress! + first, work.values, rows.baseAddress! + first,
                weights.baseAddress! + first, Int64(range.count), Int64(stride), Int64(columns))
            }
          }
        }
      }
    }
  }
}
