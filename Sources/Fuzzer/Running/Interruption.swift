import Platform
import Synchronization

/// Ctrl-C ends a run early, with its report.
private let interruptions = Atomic<Int>(0)

var hasBeenInterrupted: Bool { interruptions.load(ordering: .relaxed) > 0 }

func catchControlC() {
  for number in [SIGINT, SIGTERM] {
    signal(number) { _ in
      if interruptions.add(1, ordering: .relaxed).newValue > 1 { _exit(130) }
    }
  }
}
