import Foundation
import TestPrograms
import Testing

@testable import Media

/// What ffmpeg is held to, as the shell understands it.
@Suite struct ProcessLimitsTests {
  @Test func `the shell sets both limits`() throws {
    let shell = TestProcess()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", ProcessLimits.words(seconds: 7, mebibytes: 512) + "; ulimit -t; ulimit -v"]
    let output = Pipe()
    shell.standardOutput = output
    try shell.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(said == "7\n524288\n")
  }
}
