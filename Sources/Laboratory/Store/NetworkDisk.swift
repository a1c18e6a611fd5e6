import Platform

/// Disks that several machines may share.
enum NetworkDisk {
  private static let kinds: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2",
    "gfs2",
    "orangefs", "panfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.rclone",
  ]

  /// Whether the file, or the folder that it is to be in, is on one; `PERIGEE_STORE_SHARED=1` says so of every disk, `0` of none.
  static func has(_ path: String) -> Bool {
    if let said = getenv("PERIGEE_STORE_SHARED").map({ String(cString: $0) }), !said.isEmpty { return said != "0" }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    guard let mounts = try? RegularFile.bytes(of: "/proc/self/mounts", most: 4 << 20),
      let place = realPath(path) ?? realPath(folder.isEmpty ? "/" : folder)
    else { return false }
    return kind(of: place, mounts: String(decoding: mounts, as: UTF8.self)).map(kinds.contains) ?? false
  }

  /// What the disk of a place is called in `/proc/self/mounts`: that of the longest folder above it, the last where there are several.
  static func kind(of place: String, mounts: String) -> String? {
    var found: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2 else { continue }
      let folder = String(fields[1]).replacing("\\040", with: " ")
      let isAbove = folder == "/" || place == folder || place.hasPrefix(folder + "/")
      if isAbove, folder.utf8.count >= found?.length ?? 0 { found = (folder.utf8.count, String(fields[2])) }
    }
    return found?.kind
  }

  private static func realPath(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }
}
