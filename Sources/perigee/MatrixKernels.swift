import Platform
import Tensors

/// Begins the program anew where the library of matrix products was loaded with kernels for a much older processor: it can be told
/// otherwise only before it is loaded. Takes a millisecond.
func useMatrixKernelsOfThisProcessor() {
  let name = MatrixLibrary.variable
  guard getenv(name) == nil, let processor = MatrixLibrary.betterProcessor else { return }
  setenv(name, processor, 1)
  execv("/proc/self/exe", CommandLine.unsafeArgv)
  // Where that cannot be done the slower kernels have the same results to rounding.
  unsetenv(name)
}
