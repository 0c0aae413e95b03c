import CSpawn
import Foundation
import Glibc

/// Another program, run to its end on a thread that may block.
///
/// Foundation's `Process` reads the list of open files past its end when there are more than some 1,350, which a server
/// with viewers has, and hands its child the signals that its thread blocks. Here the kernel closes what is open, and
/// nothing is blocked.
enum OtherProgram {
  /// - Throws: `BackupFault.programMissing`, and `.programFailed` with what it said when it does not end well.
  @discardableResult
  static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> String {
    var variables = ProcessInfo.processInfo.environment
    let places = (variables["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
    guard let program = places.first(where: FileManager.default.isExecutableFile(atPath:)) else {
      throw BackupFault.programMissing(name)
    }
    variables.merge(environment) { $1 }
    // Files, not pipes: nobody reads them while it runs.
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: directory) }
    let (said, complained) = (directory.appending(path: "out"), directory.appending(path: "err"))
    let status = try spawn(program, arguments, variables, output: said.path, errors: complained.path)
    guard status == 0 else {
      let words = (try? String(contentsOf: complained, encoding: .utf8)) ?? ""
      throw BackupFault.programFailed("\(name): \(words.prefix(500))")
    }
    return (try? String(contentsOf: said, encoding: .utf8)) ?? ""
  }

  /// Its exit status, or the number of the signal that ended it.
  private static func spawn(
    _ program: String, _ arguments: [String], _ variables: [String: String], output: String, errors: String
  ) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let words = ([program] + arguments).map { strdup($0) }
    let settings = variables.map { strdup("\($0.key)=\($0.value)") }
    defer { for text in words + settings { free(text) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, program, &actions, &attributes, words + [nil], settings + [nil])
    guard failure == 0 else {
      throw BackupFault.programFailed("\(program): \(String(cString: strerror(failure)))")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) == -1 {
      guard errno == EINTR else { throw BackupFault.programFailed("\(program) was lost") }
    }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : signal
  }
}
