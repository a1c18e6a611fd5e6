/// What the tasks of a loop share that is no value of their own: an address, or an object.
///
/// Neither is `Sendable`: nothing about a pointer or a class keeps two threads from writing to one place. Those who run a loop on
/// `ThreadPool` promise it instead. They wait, so that all of it outlives the loop; and what one task writes no other task reads
/// or writes before the loop is over: tasks write to elements of their own and only read the rest. To make a `Shared` is to give
/// that promise for the tasks that get it, and nothing else takes an address or such an object into a task.
///
/// ```swift
/// let out = Shared(result.storage.pointer)
/// pool.run(count: rows, grain: 64) { range in
///   for row in range { out.value[row] = sum(of: row) }     // a task's own rows
/// }
/// ```
///
/// A class, so that a loop's closure holds one reference however much is shared. Use its parts where they are needed: to take `value`
/// apart in a task copies all of it.
public final class Shared<Value>: @unchecked Sendable {
  public let value: Value
  public init(_ value: Value) { self.value = value }
}
