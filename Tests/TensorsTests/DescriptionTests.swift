import Testing

@testable import Tensors

@Suite struct DescriptionTests {
  @Test func columnsAreAligned() throws {
    #expect(
      try Tensor([[0.5, -1.25, 3], [4, 0, 2.75]]).description == """
        Tensor [2, 3]
        [[ 0.5000, -1.2500,  3.0000],
         [ 4.0000,  0.0000,  2.7500]]
        """)
    #expect(try Tensor([1, 20, -300]).description == "Tensor [3]\n[   1,   20, -300]")
    #expect(try Tensor(2.5).description == "Tensor []\n2.5000")
    #expect(try Tensor.zeros([0, 4]).description == "Tensor [0, 4]\n[]")
    #expect(try Tensor([1, .nan, -.infinity]).description == "Tensor [3]\n[   1,  nan, -inf]")
  }

  @Test func smallAndLargeNumbersHaveExponents() throws {
    #expect(try Tensor([1e-6, 0.5]).description == "Tensor [2]\n[1.0000e-06, 5.0000e-01]")
    #expect(try Tensor([1_234_567.5]).description == "Tensor [1]\n[1.2346e+06]")
    #expect(try Tensor([1e20]).description == "Tensor [1]\n[1.0000e+20]")
  }

  @Test func planesAreSetApart() throws {
    #expect(
      try Tensor.arange(to: 8).reshaped([2, 2, 2]).description == """
        Tensor [2, 2, 2]
        [[[0, 1],
          [2, 3]],

         [[4, 5],
          [6, 7]]]
        """)
  }

  @Test func largeTensorsAreSummarized() throws {
    #expect(try Tensor.arange(to: 2000).description == "Tensor [2000]\n[   0,    1,    2, ..., 1997, 1998, 1999]")
    #expect(
      try Tensor.arange(to: 10_000).reshaped([100, 100]).description == """
        Tensor [100, 100]
        [[   0,    1,    2, ...,   97,   98,   99],
         [ 100,  101,  102, ...,  197,  198,  199],
         [ 200,  201,  202, ...,  297,  298,  299],
         ...,
         [9700, 9701, 9702, ..., 9797, 9798, 9799],
         [9800, 9801, 9802, ..., 9897, 9898, 9899],
         [9900, 9901, 9902, ..., 9997, 9998, 9999]]
        """)
    let lines = try Tensor.zeros([3, 70_000_000 / 3]).description.split(separator: "\n")
    #expect(lines.count == 4)
  }

  @Test func anyRankStaysReadable() throws {
    let deep = try Tensor.zeros([Int](repeating: 2, count: 16)).description
    #expect(deep.count < 12_000)
    let wide = try Tensor.arange(to: 90).description
    #expect(wide.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(wide.hasSuffix("88, 89]"))
  }
}
