/// What is computed in which pass over the rows.
extension LossCompiler {
  mutating func schedule() {
    findEarliest()
    addBatchSteps()
    findPasses()
    let last = outputs.map { pass(of: $0) }.max() ?? 0
    let saved = savedNodes()
    for pass in 0...last { emit(pass, saving: saved.filter { passOf[$0] == pass }) }
    program.lateValue = lateValue.map { scalarPlace($0) }
    for (slot, column, derivative) in sharedGradients {
      program.parameterGradients.append(.shared(slot: slot, column: column, scalar: scalarPlace(derivative)))
    }
  }

  private mutating func findEarliest() {
    earliest = [Int](repeating: 0, count: graph.nodes.count)
    for (id, node) in graph.nodes.enumerated() where !node.operation.isLeaf {
      earliest[id] = (node.operands.map { earliest[$0] }.max() ?? 0) + (node.operation.needsBatch ? 1 : 0)
    }
  }

  private func roots(_ output: Output) -> [ID] {
    switch output {
    case .value(let row, let factor): [row, factor]
    case .store(_, _, let id): [id]
    }
  }

  /// The pass in which an output is written: as early as it can be.
  private func pass(of output: Output) -> Int { roots(output).map { earliest[$0] }.max() ?? 0 }

  /// Memory and work between passes for what needs the whole batch.
  private mutating func addBatchSteps() {
    for id in neededNodes().sorted() where graph[id].operation.needsBatch {
      let node = graph[id]
      var step = LossProgram.BatchStep(operation: node.operation)
      if !node.operation.isLeaf {
        step.input = makeBuffer(graph.kind(node.a))
        step.pass = earliest[node.a]
        outputs.append(.store(.buffer(step.input), graph.kind(node.a), node.a))
      }
      if node.kind == .scalar {
        // The scalar that stands for it reads the buffer.
        buffers[id] = step.input
        step.output = scalarPlace(id)
      } else {
        step.output = makeBuffer(node.kind)
        buffers[id] = step.output
      }
      program.usesUsers =
        program.usesUsers || [.sameUserSum, .sameUserMaximum, .sameUserCount].contains(node.operation)
      program.batchSteps.append(step)
    }
  }

  private func neededNodes() -> Set<ID> {
    var needed = Set<ID>()
    var waiting = outputs.flatMap(roots) + sharedGradients.map(\.derivative) + (lateValue.map { [$0] } ?? [])
    while let id = waiting.popLast() {
      guard needed.insert(id).inserted, !graph[id].operation.isLeaf else { continue }
      waiting += graph[id].operands
    }
    return needed
  }

  /// A row or plane is computed in the first pass in which something reads it.
  private mutating func findPasses() {
    passOf = [Int?](repeating: nil, count: graph.nodes.count)
    for output in outputs {
      for id in roots(output) { need(id, in: pass(of: output)) }
    }
    for (id, node) in graph.nodes.enumerated().reversed() where isComputedInPass(id) {
      guard let pass = passOf[id] else { continue }
      for operand in node.operands { need(operand, in: pass) }
    }
  }

  private mutating func need(_ id: ID, in pass: Int) { passOf[id] = min(passOf[id] ?? pass, pass) }

  /// Whether instructions compute it: it is no number of the batch, no leaf, and no result over the batch.
  func isComputedInPass(_ id: ID) -> Bool {
    let node = graph[id]
    return node.kind != .scalar && !node.operation.isLeaf && !node.operation.needsBatch
  }

  /// What is read in a later pass than the one that computes it.
  private func savedNodes() -> [ID] {
    var saved = Set<ID>()
    func read(_ id: ID, in pass: Int) {
      if isComputedInPass(id), let own = passOf[id], own < pass { saved.insert(id) }
    }
    for output in outputs { roots(output).forEach { read($0, in: pass(of: output)) } }
    for (id, node) in graph.nodes.enumerated() where isComputedInPass(id) {
      guard let pass = passOf[id] else { continue }
      node.operands.forEach { read($0, in: pass) }
    }
    return saved.sorted()
  }

  private mutating func emit(_ pass: Int, saving saved: [ID]) {
    var writer = PassWriter(pass: pass)
    for output in outputs where self.pass(of: output) == pass { emit(output, &writer) }
    for id in saved {
      let buffer = makeBuffer(graph.kind(id))
      buffers[id] = buffer
      emit(.store(.buffer(buffer), graph.kind(id), id), &writer)
    }
    program.passes.append(writer.finished())
  }
}
