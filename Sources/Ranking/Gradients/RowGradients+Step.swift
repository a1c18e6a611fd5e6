import Kernels
import Tensors

/// What an optimizer does with the gradient of a parameter.
extension RowGradients {
  /// Moves the rows that have a gradient, scaled by `factor`, or all of them (`moveEveryRow`), and keeps them within their limits. Rows
  /// are up to date.
  func step(_ numbers: kernel_step, factor: Float, pool: ThreadPool) {
    if movesEveryRow { return stepEveryRow(numbers, factor, pool) }
    let (stride, isLimited) = (stride, parameter.isLimited)
    withValues { values in
      rows.withUnsafeBufferPointer { rows in
        let shared = Shared((gradients: self, view: parameter.table.view, values: values, rows: rows))
        pool.run(count: rows.count, grain: max(1, 4096 / stride)) { range in
          withUnsafePointer(to: shared.value.view) { view in
            withUnsafePointer(to: numbers) { numbers in
              shared.value.gradients.forEachRun(of: shared.value.rows, range) { run, place in
                kernel_step_rows(
                  numbers, view, shared.value.rows.baseAddress! + run.lowerBound, Int64(run.count),
                  shared.value.values! + place * stride, factor)
              }
            }
          }
          guard isLimited else { return }
          for place in range {
            shared.value.gradients.parameter.limit(Int(shared.value.rows[place]), in: shared.value.view)
          }
        }
      }
    }
  }

  private func stepEveryRow(_ numbers: kernel_step, _ factor: Float, _ pool: ThreadPool) {
    makePlaces()
    withValues { values in
      places.withUnsafeBufferPointer { places in
        let shared = Shared((parameter: parameter, view: parameter.table.view, values: values, places: places))
        pool.run(count: parameter.rowCount, grain: max(1, 16384 / stride)) { range in
          let (first, end) = (Int64(range.lowerBound), Int64(range.upperBound))
          withUnsafePointer(to: shared.value.view) { view in
            withUnsafePointer(to: numbers) { numbers in
              kernel_step_every_row(
                numbers, view, first, end, shared.value.places.baseAddress, shared.value.values, factor)
            }
          }
          guard shared.value.parameter.isLimited else { return }
          for row in range { shared.value.parameter.limit(row, in: shared.value.view) }
        }
      }
    }
  }
}
