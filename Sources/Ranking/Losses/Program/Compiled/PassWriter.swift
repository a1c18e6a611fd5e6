import Kernels

/// Instructions of one pass over the rows, first with a register for each result, then with as few as are needed.
struct PassWriter {
  /// Where the numbers of a node are.
  enum Value {
    case register(Int)
    case scalar(Int)
  }

  private struct Draft {
    var code: Int
    var space: Int
    var result: Int?
    var operands: [Value]
    /// Of a load or store.
    var array = 0
  }

  let pass: Int
  var values: [LossGraph.ID: Value] = [:]
  private var drafts: [Draft] = []
  /// ROW or PLANE of each register.
  private var spaces: [Int] = []

  init(pass: Int) { self.pass = pass }

  @discardableResult
  mutating func append(_ code: Int, result resultSpace: Int?, _ operands: [Value], space: Int) -> Value {
    let result = resultSpace.map { makeRegister($0) }
    drafts.append(Draft(code: code, space: space, result: result, operands: operands))
    return .register(result ?? -1)
  }

  mutating func appendLoad(from array: Int, space: Int) -> Value {
    let result = makeRegister(space)
    drafts.append(Draft(code: PROGRAM_LOAD, space: space, result: result, operands: [], array: array))
    return .register(result)
  }

  mutating func appendStore(of value: Value, to array: Int, space: Int) {
    drafts.append(Draft(code: PROGRAM_STORE, space: space, result: nil, operands: [value], array: array))
  }

  private mutating func makeRegister(_ space: Int) -> Int {
    spaces.append(space)
    return spaces.count - 1
  }

  /// Gives registers that are no longer read to later results.
  func finished() -> LossProgram.Pass {
    var lastUse = [Int](repeating: -1, count: spaces.count)
    for (index, draft) in drafts.enumerated() {
      if let result = draft.result { lastUse[result] = index }
      for case .register(let register) in draft.operands { lastUse[register] = index }
    }
    var free: [Int: [Int]] = [:]
    var count = [PROGRAM_ROW: 0, PROGRAM_PLANE: 0]
    var place = [Int](repeating: -1, count: spaces.count)
    var pass = LossProgram.Pass()
    for (index, draft) in drafts.enumerated() {
      var instruction = self.instruction(draft, place)
      let done = Set(
        draft.operands.compactMap { if case .register(let register) = $0 { register } else { nil } }
          .filter { lastUse[$0] == index })
      let release = { for register in done.sorted() { free[spaces[register], default: []].append(place[register]) } }
      // A rank is counted over all of its operand while it is written.
      let overwrites = draft.code != PROGRAM_NEGATIVE_RANK
      if overwrites { release() }
      if let result = draft.result {
        let space = spaces[result]
        place[result] = free[space]?.popLast() ?? count[space]!
        if place[result] == count[space]! { count[space]! += 1 }
        instruction.result = Int32(place[result])
        // What nobody reads.
        if lastUse[result] == index { free[space, default: []].append(place[result]) }
      }
      if !overwrites { release() }
      pass.instructions.append(instruction)
    }
    pass.rowRegisters = count[PROGRAM_ROW]!
    pass.planeRegisters = count[PROGRAM_PLANE]!
    return pass
  }

  private func instruction(_ draft: Draft, _ place: [Int]) -> program_instruction {
    var result = program_instruction()
    result.code = UInt8(draft.code)
    result.space = UInt8(draft.space)
    var spaces = [UInt8](repeating: UInt8(PROGRAM_SCALAR), count: 3)
    var operands: [Int32] = [0, 0, 0]
    for (index, operand) in draft.operands.enumerated() {
      switch operand {
      case .register(let register):
        spaces[index] = UInt8(self.spaces[register])
        operands[index] = Int32(place[register])
      case .scalar(let scalar): operands[index] = Int32(scalar)
      }
    }
    if draft.code == PROGRAM_LOAD { operands[0] = Int32(draft.array) }
    if draft.code == PROGRAM_STORE { result.result = Int32(draft.array) }
    result.operand_spaces = (spaces[0], spaces[1], spaces[2])
    result.operands = (operands[0], operands[1], operands[2])
    return result
  }
}
