import Kernels

/// Functions of all the elements along one axis at once.
enum RowFunctions {
  static func logSumExp(_ x: Tensor, axis: Int, keepingAxes: Bool) throws -> Tensor {
    let rows = try moved(x, axis: axis, to: x.rank - 1).contiguous()
    let length = x.shape[axis]
    let result = try Tensor(uninitialized: Array(rows.shape.dropLast()), operation: "logsumexp")
    let out = Shared(result.storage.pointer)
    rows.withBase { base in
      let base = Shared(base)
      ThreadPool.shared.run(count: result.count, grain: grain(length)) { range in
        for row in range { out.value[row] = kernel_log_sum_exp(base.value + row * length, length) }
      }
    }
    return keepingAxes ? try result.insertingAxis(axis) : result
  }

  static func softmax(_ x: Tensor, axis: Int, logarithm: Bool) throws -> Tensor {
    let rows = try moved(x, axis: axis, to: x.rank - 1).contiguous()
    let length = x.shape[axis]
    let result = try Tensor(uninitialized: rows.shape, operation: "softmax")
    let out = Shared(result.storage.pointer)
    rows.withBase { base in
      let base = Shared(base)
      ThreadPool.shared.run(count: length == 0 ? 0 : result.count / length, grain: grain(length)) { range in
        for row in range {
          kernel_softmax(out.value + row * length, base.value + row * length, logarithm ? 1 : 0, length)
        }
      }
    }
    return try moved(result, axis: x.rank - 1, to: axis).contiguous()
  }

  /// Running sums in float64.
  static func cumulativeSum(_ x: Tensor, axis: Int, reversed: Bool) throws -> Tensor {
    let rows = try moved(x, axis: axis, to: x.rank - 1).contiguous()
    let length = x.shape[axis]
    let result = try Tensor(uninitialized: rows.shape, operation: "cumsum")
    let out = Shared(result.storage.pointer)
    rows.withBase { base in
      let base = Shared(base)
      ThreadPool.shared.run(count: length == 0 ? 0 : result.count / length, grain: grain(length)) { range in
        for row in range {
          var total = 0.0
          for place in 0..<length {
            let position = row * length + (reversed ? length - 1 - place : place)
            total += Double(base.value[position])
            out.value[position] = Float(total)
          }
        }
      }
    }
    return try moved(result, axis: x.rank - 1, to: axis).contiguous()
  }

  /// The tensor with one axis taken out and put in elsewhere.
  static func moved(_ x: Tensor, axis: Int, to place: Int) throws -> Tensor {
    var order = Array(0..<x.rank)
    order.remove(at: axis)
    order.insert(axis, at: place)
    return try x.permuted(order)
  }

  /// Rows of one task.
  static func grain(_ length: Int) -> Int { max(1, elementwiseGrain / max(1, length)) }
}
