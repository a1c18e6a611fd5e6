import Synchronization
import Platform
import Kernels
import Tensors

/// Runs a program on batches; holds its memory between passes.
final class LossExecution {
  let program: LossProgram
  private var buffers: [AlignedBuffer<Float>?]
  private var scalars: [Double]
  /// The same in single precision, for the kernels.
  private let scalarFloats: AlignedBuffer<Float>
  private var userGroups = UserGroups()
  private var batch = LossBatch(position: TrainingPosition(epoch: 1, step: 1), rowCount: 0, negativeCount: 0)
  private var numbers: [Double] = []
  private(set) var parameters: [Parameter] = []
  private var tensors: [Tensor] = []

  init(_ program: LossProgram) {
    self.program = program
    buffers = [AlignedBuffer<Float>?](repeating: nil, count: program.buffers.count)
    scalars = [Double](repeating: 0, count: program.scalars.count)
    scalarFloats = AlignedBuffer(count: max(16, program.scalars.count), repeating: 0)
  }

  /// Bytes held between passes.
  var byteCount: Int { buffers.reduce(0) { $0 + 4 * ($1?.count ?? 0) } }

  /// Takes the numbers of a batch from its record.
  ///
  /// - Throws: `MemoryError`.
  func prepare(_ trace: LossTrace) throws {
    batch = trace.batch
    numbers = trace.numbers
    parameters = trace.parameters
    tensors = trace.tensors
    for (index, kind) in program.buffers.enumerated() {
      let count = kind == .plane ? batch.rowCount * batch.negativeCount : batch.rowCount
      guard buffers[index].map({ $0.count < count }) ?? true else { continue }
      buffers[index] = try AlignedBuffer(
        count: count, repeating: 0,
        for: "the loss of \(batch.rowCount) positives with \(batch.negativeCount) negatives each")
    }
    hasFirstScalars.store(false, ordering: .releasing)
  }

  /// Whether the numbers that are known before the rows were computed for this batch. The first who evaluates computes them:
  /// shared parameters are up to date only then.
  private let hasFirstScalars = Atomic(false)
  private let computing = Locked(())

  private func computeFirstScalars() {
    if hasFirstScalars.load(ordering: .acquiring) { return }
    computing.withLock { _ in
      guard !hasFirstScalars.load(ordering: .relaxed) else { return }
      computeScalars(before: 0)
      hasFirstScalars.store(true, ordering: .releasing)
    }
  }

  // MARK: Rows

  /// All of a program that is row-wise, for some rows. May run on several threads at once.
  func evaluate(_ plane: ScorePlane, rows: Range<Int>) {
    computeFirstScalars()
    run(pass: 0, plane, rows: rows)
    if rows.contains(0), let late = program.lateValue { plane.values[0] += scalars[late] }
  }

  /// All passes over the whole batch.
  func evaluateBatch(_ plane: ScorePlane, pool: ThreadPool) {
    computeFirstScalars()
    if program.usesUsers { userGroups.find(plane.users, count: plane.rowCount) }
    finishBatchSteps(after: -1)
    let grain = max(4, min(128, 2048 / plane.width))
    for pass in program.passes.indices {
      if pass > 0 { computeScalars(before: pass) }
      let shared = Shared((execution: self, plane: plane))
      pool.run(count: plane.rowCount, grain: grain) {
        shared.value.execution.run(pass: pass, shared.value.plane, rows: $0)
      }
      finishBatchSteps(after: pass)
    }
    computeScalars(before: program.passes.count)
    if let late = program.lateValue { plane.values[0] += scalars[late] }
  }

  private func run(pass index: Int, _ plane: ScorePlane, rows: Range<Int>) {
    let pass = program.passes[index]
    withUnsafeTemporaryAllocation(of: program_array.self, capacity: program.arrays.count + 1) { arrays in
      for (place, array) in program.arrays.enumerated() { arrays[place] = self.array(array, plane) }
      pass.instructions.withUnsafeBufferPointer { instructions in
        var work = program_pass(
          instructions: instructions.baseAddress, instruction_count: instructions.count,
          row_registers: pass.rowRegisters,
          plane_registers: pass.planeRegisters, scalars: UnsafePointer(scalarFloats.base),
          arrays: UnsafePointer(arrays.baseAddress), values: plane.values, clears_values: index == 0 ? 1 : 0,
          negative_count: plane.negativeCount)
        let failure = kernel_program_run(&work, rows.lowerBound, rows.upperBound)
        precondition(failure == 0, "out of memory")
      }
    }
  }

  private func array(_ place: LossProgram.ArrayPlace, _ plane: ScorePlane) -> program_array {
    let (width, negatives) = (plane.width, plane.negativeCount)
    func plain(_ base: UnsafeMutablePointer<Float>?, _ stride: Int) -> program_array {
      program_array(base: base, row_stride: stride, index: nil, index_stride: 0)
    }
    func constant(_ base: UnsafePointer<Float>?, _ stride: Int) -> program_array {
      plain(UnsafeMutablePointer(mutating: base), stride)
    }
    switch place {
    case .scores(.positive): return plain(plane.scores, width)
    case .scores(.negative): return plain(plane.scores + 1, width)
    case .scores(.channel(let channel)):
      return constant(plane[channel], channel.columns(negativeCount: negatives))
    case .gradients(.positive): return plain(plane.gradients, width)
    case .gradients(.negative): return plain(plane.gradients + 1, width)
    case .gradients(.channel(let channel)):
      return plain(plane[gradients: channel], channel.columns(negativeCount: negatives))
    case .buffer(let index):
      return plain(buffers[index]!.base, program.buffers[index] == .plane ? negatives : 1)
    case .tensor(let slot):
      let tensor = tensors[slot]
      // [N] is the same for each row; [B, 1] has one number a row.
      return constant(address(of: tensor), tensor.rank == 1 ? 0 : tensor.shape[1])
    case .parameter(let slot, let index):
      let parameter = parameters[slot]
      var array = constant(parameter.values, parameter.rowStride)
      switch index {
      case .users: (array.index, array.index_stride) = (plane.users, 1)
      case .positiveItems: (array.index, array.index_stride) = (plane.items, width)
      case .negativeItems: (array.index, array.index_stride) = (plane.items.map { $0 + 1 }, width)
      }
      return array
    }
  }

  /// Records hold contiguous tensors only, whose elements stand still while the tensor lives.
  private func address(of tensor: Tensor) -> UnsafePointer<Float> {
    guard let base = try? tensor.withElements({ $0.baseAddress }) else {
      preconditionFailure("a contiguous tensor has elements")
    }
    return base
  }

  // MARK: Between passes

  private func finishBatchSteps(after pass: Int) {
    for step in program.batchSteps where step.pass == pass {
      switch step.operation {
      case .sameUserCount: userGroups.counts(into: buffers[step.output]!.base)
      case .sameUserSum: userGroups.sums(of: buffers[step.input]!.base, into: buffers[step.output]!.base)
      case .sameUserMaximum: userGroups.maxima(of: buffers[step.input]!.base, into: buffers[step.output]!.base)
      case .batchRank:
        let count = program.buffers[step.input] == .plane ? batch.rowCount * batch.negativeCount : batch.rowCount
        writeRanks(
          of: UnsafeBufferPointer(start: buffers[step.input]!.base, count: count), to: buffers[step.output]!.base)
      default: break  // a scalar, computed with the scalars
      }
    }
  }

  private func computeScalars(before pass: Int) {
    for (place, step) in program.scalars.enumerated() where step.pass == pass {
      scalars[place] = value(step)
      scalarFloats[place] = Float(scalars[place])
    }
  }

  private func value(_ step: LossProgram.ScalarStep) -> Double {
    switch step.operation {
    case .constant: return step.constant
    case .number: return numbers[step.operands.0]
    case .tensor: return Double(address(of: tensors[step.operands.0]).pointee)
    case .parameter: return Double(parameters[step.operands.0].values[step.operands.2])
    case .rowCount: return Double(batch.rowCount)
    case .negativeCount: return Double(batch.negativeCount)
    case .batchSum:
      let rows = buffers[step.operands.0]!.base
      return (0..<batch.rowCount).reduce(0) { $0 + Double(rows[$1]) }
    case .batchMaximum:
      let rows = buffers[step.operands.0]!.base
      return (0..<batch.rowCount).reduce(-Double.infinity) { top, row in
        let x = Double(rows[row])
        return x > top || x.isNaN ? x : top
      }
    default:
      let (a, b, c) = step.operands
      return scalarResult(
        step.operation, scalars[a], b >= 0 ? scalars[b] : 0, c >= 0 ? scalars[c] : 0)
    }
  }

  // MARK: Parameters

  /// Adds the gradients of the batch, in the order of its rows.
  func addParameterGradients(_ plane: ScorePlane, to gradients: GradientSet) {
    guard !program.parameterGradients.isEmpty else { return }
    computeScalars(before: program.passes.count)
    for gradient in program.parameterGradients {
      switch gradient {
      case .shared(let slot, let column, let scalar):
        var row = [Float](repeating: 0, count: parameters[slot].columnCount)
        row[column] = Float(scalars[scalar])
        gradients.of(parameters[slot]).add(row, row: 0)
      case .rows(let slot, let index, let buffer):
        add(buffers[buffer]!.base, to: gradients.of(parameters[slot]), index, plane)
      }
    }
  }

  private func add(_ gradients: UnsafePointer<Float>, to rows: RowGradients, _ index: LossIndex, _ plane: ScorePlane) {
    let columns = index == .negativeItems ? plane.negativeCount : 1
    for row in 0..<plane.rowCount {
      for column in 0..<columns {
        let place =
          switch index {
          case .users: plane.users[row]
          case .positiveItems: plane.items![row * plane.width]
          case .negativeItems: plane.items![row * plane.width + 1 + column]
          }
        let gradient = gradients[row * columns + column]
        if gradient != 0 { rows.add(gradient, row: Int(place)) }
      }
    }
  }
}
