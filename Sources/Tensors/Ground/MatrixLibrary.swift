import COpenBLAS
import Kernels

/// The library of matrix products.
public enum MatrixLibrary {
  /// The variable by which it is told, when it is loaded, for which processor its kernels are to be.
  public static let variable = "OPENBLAS_CORETYPE"

  /// What the variable should say, where the library did not know this processor and took kernels without its vectors; `nil` where its
  /// choice is good.
  ///
  /// OpenBLAS knows processors by their model number. One that is newer than the library, or that a virtual machine presents under another
  /// number, gets the kernels of 2004, an eighth as fast.
  public static var betterProcessor: String? {
    guard let chosen = openblas_get_corename().map({ String(cString: $0) }), old.contains(chosen) else { return nil }
    switch kernel_vector_width() {
    case 16: return "SkylakeX"
    case 8: return "Haswell"
    default: return nil
    }
  }

  /// Processors of which the vectors have 4 floats.
  private static let old: Set<String> = ["Prescott", "Core2", "Generic", "Nehalem", "Penryn", "Dunnington", "Atom"]
}
