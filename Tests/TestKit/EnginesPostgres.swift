import CLibpq
import Dispatch
import Foundation
import Store
import Synchronization
import TestPrograms

/// A PostgreSQL server of this process's own: in a directory that goes away, on a Unix socket, started when a test first
/// asks for it and stopped when the process ends, however it ends.
final class PostgresServer: Sendable {
  private let directory: String
  /// The server lives for as long as this end of a pipe is open: a shell waits at the other end for it to close, which
  /// the kernel does for a killed process too.
  private let lifeline: FileHandle
  private let databases = Atomic(0)
  /// Where calls block that make databases; not one of the cooperative pool's threads.
  private let thread = DispatchQueue(label: "haat.test.postgres")

  private static let starting = Task { try await PostgresServer() }

  static func shared() async throws -> PostgresServer { try await starting.value }

  /// The address of a new database.
  func emptyDatabase() async throws -> DatabaseLocation { try await database(like: "template1") }

  /// The address of a copy of a database that nobody is connected to.
  func copy(of url: String) async throws -> DatabaseLocation {
    let path = url.dropFirst("postgres:///".count)
    return try await database(like: String(path.prefix { $0 != "?" }))
  }

  private func database(like template: String) async throws -> DatabaseLocation {
    let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
    try await withCheckedThrowingContinuation { continuation in
      thread.async { [self] in
        continuation.resume(with: Result { try createDatabase(name, like: template) })
      }
    }
    return .postgres(url: url(of: name))
  }

  private func url(of name: String) -> String { "postgres:///\(name)?host=\(directory)&user=haat" }

  /// CREATE DATABASE runs in no transaction, so it is none of Store's statements.
  private func createDatabase(_ name: String, like template: String) throws {
    let connection = PQconnectdb(url(of: "postgres"))
    defer { PQfinish(connection) }
    let result = PQexec(connection, "CREATE DATABASE \(name) TEMPLATE \(template)")
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else {
      throw Failure(description: String(cString: PQerrorMessage(connection)))
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private init() async throws {
    directory = try Self.makeDirectory()
    let shell = TestProcess()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", Self.script, "haat-test-postgres", directory, try Self.binaries(), Self.user ?? ""]
    let (input, output) = (Pipe(), Pipe())
    lifeline = input.fileHandleForWriting
    // No other child of ours may hold the lifeline: the server would outlive us.
    _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
    shell.standardInput = input
    shell.standardOutput = output
    // Whoever reads this process's words waits until nobody holds them any more: not for hundreds of databases to be
    // taken off a disk.
    shell.standardError = FileHandle.nullDevice
    try shell.run()
    let answer = await withCheckedContinuation { continuation in
      thread.async { continuation.resume(returning: output.fileHandleForReading.availableData) }
    }
    guard answer == Data("ready\n".utf8) else {
      throw Failure(description: "PostgreSQL did not start: \(String(decoding: answer, as: UTF8.self))")
    }
  }

  /// `$1` the directory, `$2` where PostgreSQL's programs are, `$3` the user to run it as, when not this one.
  private static let script = #"""
    trap '' INT TERM HUP
    cd "$1" || exit 1
    as() {
      if [ -n "$user" ]; then
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
      else
        "$@"
      fi
    }
    user=$3
    settings="-k $1 -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=1000"
    if [ -n "$user" ]; then chown "$user" "$1"; fi
    if as "$2/initdb" -D "$1/data" -U haat -A trust -E UTF8 --locale=C --no-sync >log 2>&1 &&
      as "$2/pg_ctl" -D "$1/data" -w -l "$1/server.log" -o "$settings" start >>log 2>&1
    then
      echo ready
    else
      cat log
    fi
    read -r _
    as "$2/pg_ctl" -D "$1/data" -m immediate stop >>log 2>&1
    cd / && rm -rf "$1"
    """#

  /// PostgreSQL refuses to run as root.
  private static var user: String? {
    guard geteuid() == 0 else { return nil }
    return getpwnam("postgres") == nil ? "nobody" : "postgres"
  }

  private static func makeDirectory() throws -> String {
    // A socket's path may have about 100 characters.
    let temporary = Place.withRoom(for: 8 << 30).path
    let directory = (temporary.utf8.count < 60 ? temporary : "/tmp") + "/haat-pg-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    return directory
  }

  /// The newest that Debian installed, or else one of the usual places.
  private static func binaries() throws -> String {
    let debian = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
    let newestFirst = versions.sorted { ($0 as NSString).integerValue > ($1 as NSString).integerValue }
    let candidates =
      newestFirst.map { "\(debian)/\($0)/bin" }
      + ["/usr/local/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/bin"]
    guard
      let found = candidates.first(where: { directory in
        ["initdb", "pg_ctl"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }
      })
    else { throw Failure(description: "no initdb and pg_ctl in \(candidates): install PostgreSQL's server") }
    return found
  }
}
