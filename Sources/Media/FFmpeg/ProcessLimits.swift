/// What a shell says before it becomes another program, for the kernel to hold that to.
enum ProcessLimits {
  /// - Parameters:
  ///   - seconds: of processor time.
  ///   - mebibytes: of address space.
  static func words(seconds: Int64, mebibytes: Int) -> String {
    // Two commands: Debian's sh takes one limit at a time, and sets none when it is given two.
    "ulimit -t \(seconds); ulimit -v \(mebibytes * 1_024)"
  }
}
