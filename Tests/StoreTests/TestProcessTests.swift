import Foundation
import TestPrograms
import Testing

/// The tests' own way to start programs.
struct TestProcessTests {
  @Test func `a program gets its words, directory and environment, and says how it ended`() throws {
    let process = TestProcess()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "echo \"$1 $WORD\" in $(pwd); exit 3", "sh", "a b"]
    process.environment = ["WORD": "c"]
    process.currentDirectoryURL = URL(filePath: "/usr")
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    #expect(try output.fileHandleForReading.readToEnd() == Data("a b c in /usr\n".utf8))
    process.waitUntilExit()
    #expect(process.terminationStatus == 3 && !process.isRunning)
  }

  @Test func `it starts beside thousands of open files and inherits none of them, nor a blocked signal`() throws {
    // Descriptors beyond the soft limit of a machine would be refused, and the rest is closed again.
    let opened = (0..<1_500).map { _ in open("/dev/null", O_RDONLY) }
    defer { for descriptor in opened where descriptor >= 0 { close(descriptor) } }
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let process = TestProcess()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let lines = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      .split(separator: "\n")
    // Its three, and that of the directory which `ls` reads.
    #expect(lines.map { $0.trimmingCharacters(in: .whitespaces) } == ["4", "SigBlk:\t0000000000000000"])
    process.waitUntilExit()
  }

  @Test func `one that is asked to end says by which signal, and one that is not there is refused`() throws {
    let process = TestProcess()
    process.executableURL = URL(filePath: "/bin/sleep")
    process.arguments = ["60"]
    try process.run()
    #expect(process.isRunning)
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == SIGTERM)
    #expect(throws: TestProcess.Failure.self) { try process.run() }
    let none = TestProcess()
    none.executableURL = URL(filePath: "/nowhere/to/be/found")
    #expect(throws: TestProcess.Failure.self) { try none.run() }
  }
}
