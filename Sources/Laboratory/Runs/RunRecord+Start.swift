import Interactions
import Platform
import Ranking
import Tensors

extension RunRecord {
  /// The record of a run that begins now, here.
  ///
  /// - Parameters:
  ///   - version: Perigee's.
  ///   - script: The script that runs, where one does.
  public static func beginning(_ kind: Kind, version: String, script: Script?) -> RunRecord {
    var record = RunRecord(kind: kind, started: wallClockSeconds())
    record.version = version
    record.commit = RepositoryCommit.ofThisProgram
    record.threads = ThreadPool.shared.threadCount
    record.machine = .current
    record.script = script
    return record
  }
}

extension RunRecord.Data {
  public init(_ split: Split) {
    self.init(
      name: split.dataset.name, checksum: split.dataset.checksum, split: split.rule,
      train: hexadecimal(split.train.fingerprint))
  }
}
