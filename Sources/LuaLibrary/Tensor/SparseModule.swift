import LuaHost
import Tensors

extension SparseMatrix: LuaObject { public static var luaName: String { "SparseMatrix" } }

/// Sparse matrices in Lua: `perigee.sparse { ... }` and its `matmul`.
enum SparseModule {
  static var sparse: FunctionDescription {
    FunctionDescription(
      "sparse", "A matrix most of whose elements are 0, such as the neighbors in a graph.",
      details: """
        Either `rows` names the row of each entry, in any order, or `starts` says where each row begins: row r has the entries \
        starts[r] up to but without starts[r + 1]. Entries of one place add up.
        """,
      example: """
        local graph = perigee.sparse { shape = { 2, 3 }, rows = { 1, 2, 2 }, columns = { 2, 1, 3 }, values = { 0.5, 1, 1 } }
        local sums = graph:matmul(perigee.ones { 3, 8 })   -- shape 2, 8
        """,
      options: [
        .init("shape", .list(.integer(in: 0...Int(Int32.max)), count: 2...2), "Rows and columns."),
        .init("columns", .positions, "For each entry its column, from 1."),
        .init("rows", .positions, "For each entry its row, from 1.", optional: true),
        .init(
          "starts", .list(.integer(atLeast: 1)),
          "For each row its first entry, from 1, and at the end the number of entries and 1.", optional: true),
        .init(
          "values", .list(.number).or(.anyTensor), "For each entry its value; 1 where they are left out.",
          optional: true),
      ], returns: [.init("matrix", .object(SparseMatrix.self), "The matrix; it does not change.")]
    ) { call in
      let shape = try call.integers("shape")
      let columns = try call.positions("columns", length: shape[1], of: "the columns", fromEnd: false)
      let values = try values(call, count: columns.count)
      guard call.has("rows") != call.has("starts") else {
        throw LuaArgumentError("want either rows or starts")
      }
      if call.has("rows") {
        let rows = try call.positions("rows", length: shape[0], of: "the rows", fromEnd: false)
        guard rows.count == columns.count else {
          throw call.error("rows", "\(rows.count) rows for \(columns.count) columns; want one for each entry")
        }
        return [
          try SparseMatrix(rows: shape[0], columns: shape[1], rowIndices: rows, columnIndices: columns, values: values)
        ]
      }
      let starts = try call.integers("starts")
      guard starts.count == shape[0] + 1, starts.first == 1, starts.last == columns.count + 1,
        zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 })
      else {
        throw call.error(
          "starts", "want \(shape[0] + 1) ascending numbers from 1 to \(columns.count + 1), the number of entries and 1"
        )
      }
      return [
        try SparseMatrix(
          rows: shape[0], columns: shape[1], rowOffsets: starts.map { $0 - 1 }, columnIndices: columns, values: values)
      ]
    }.namingOperationOnce
  }

  private static func values(_ call: LuaCall, count: Int) throws -> [Float] {
    guard call.has("values") else { return [Float](repeating: 1, count: count) }
    let values = try call.optionalTensor("values")?.elements() ?? call.floats("values")
    guard values.count == count else {
      throw call.error("values", "\(values.count) values for \(count) columns; want one for each entry")
    }
    return values
  }

  static var type: TypeDescription {
    TypeDescription(
      SparseMatrix.self, "A matrix most of whose elements are 0.",
      methods: [
        product("matmul", "This matrix times a dense one, differentiable with respect to the dense one.", "columns") {
          try $0.matrixProduct($1)
        },
        product("transposed_matmul", "The transpose of this matrix times a dense one.", "rows") {
          try $0.transposedMatrixProduct($1)
        },
      ],
      fields: [
        FieldDescription(
          "shape", .list(.integer), "Rows and columns.", get: { (m: SparseMatrix) in [m.rows, m.columns] }),
        FieldDescription("count", .integer, "Number of entries.", get: { (m: SparseMatrix) in m.count }),
      ],
      size: { $0.byteCount },
      describe: { "SparseMatrix(\($0.rows) x \($0.columns), \($0.count) entries)" })
  }

  private static func product(
    _ name: String, _ summary: String, _ side: String, _ apply: @escaping (SparseMatrix, Tensor) throws -> Tensor
  ) -> FunctionDescription {
    FunctionDescription(
      name, summary, parameters: [.init("dense", .anyTensor, "`[\(side), ...]`.")],
      returns: [.init("tensor", .tensor, "A new tensor.")]
    ) { call in
      [try apply(call.receiver(SparseMatrix.self), call.tensor("dense"))]
    }.namingOperationOnce
  }
}
