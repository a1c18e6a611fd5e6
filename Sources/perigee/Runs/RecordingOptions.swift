import ArgumentParser
import Laboratory
import Platform

/// Whether runs of the scripts are recorded, which by default they are not.
struct RecordingOptions: ParsableArguments {
  @Flag(help: "Record every run in the store of runs: $PERIGEE_STORE, or ~/.perigee/runs.sqlite.") var record = false
  @Option(help: ArgumentHelp("Record every run in this store.", valueName: "file")) var store: String?

  /// By the environment, so that programs which a script starts record there too.
  func apply() {
    if let path = store ?? (record ? RunStore.standardPath : nil) { setenv("PERIGEE_STORE", path, 1) }
  }
}
