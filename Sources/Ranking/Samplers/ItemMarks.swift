/// A bitmap of items for the draws of a piece of a batch: the kernels mark in it what a user has, and clear it again.
enum ItemMarks {
  /// - Parameter itemCount: 0 where nothing is to be marked.
  static func with(_ itemCount: Int, _ body: (UnsafeMutablePointer<UInt64>) -> Void) {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: itemCount / 64 + 1) { marks in
      marks.initialize(repeating: 0)
      body(marks.baseAddress!)
    }
  }
}
