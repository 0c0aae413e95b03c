import Foundation
import Logging
import NIOCore
import Testing

@testable import Media

/// RTMP over TLS, with certificates that OpenSSL makes.
@Suite(.timeLimit(.minutes(1))) struct RTMPSTests {
  private static func makeCertificate(_ name: String, in scratch: Scratch) async throws -> TLSFiles {
    let files = TLSFiles(
      certificatePath: scratch.file("\(name).pem").path, keyPath: scratch.file("\(name).key").path)
    let made = try await run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-keyout", files.keyPath, "-out", files.certificatePath,
      ])
    guard made.status == 0 else { throw Unexpected() }
    return files
  }

  @Test func `ffmpeg publishes over TLS`() async throws {
    let scratch = try Scratch()
    var configuration = MediaConfiguration()
    configuration.tls = try await Self.makeCertificate("server", in: scratch)
    configuration.rtmpsPort = 0
    try await withServer(configuration) { server, _, news in
      let port = await server.boundSecurePort()
      #expect(port > 0)
      try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp", scheme: "rtmps")) { _ in
        try await news.wait(for: .started("lamp"))
        #expect(server.stream("lamp")?.health().videoCodec != nil)
      }
      try await news.wait(for: .interrupted("lamp"))
    }
  }

  @Test func `a show is pushed on over TLS to a server whose certificate holds, and to no other`() async throws {
    let scratch = try Scratch()
    var there = MediaConfiguration()
    let files = try await Self.makeCertificate("server", in: scratch)
    there.tls = files
    there.rtmpsPort = 0
    try await withServer(there) { other, _, otherNews in
      let port = await other.boundSecurePort()
      let target = RelayTarget(
        id: "a", isSecure: true, host: "localhost", port: port, application: "live", key: "good-copy")
      for trusts in [false, true] {
        var here = MediaConfiguration()
        here.relaysToPrivateAddresses = true
        here.relayRetrySecondsMax = 1
        here.relayAuthoritiesPath = trusts ? files.certificatePath : nil
        try await withServer(here) { server, port, news in
          try await whileRunning("/usr/bin/ffmpeg", FFmpegTests.publish(port, key: "good-lamp")) { _ in
            try await news.wait(for: .started("lamp"))
            server.simulcast.want(["lamp": [target]])
            guard trusts else {
              while server.simulcast.reports(of: "lamp")["a"]?.trouble != .insecure {
                try await Task.sleep(for: .milliseconds(20))
              }
              return #expect(otherNews.all.isEmpty)
            }
            try await otherNews.wait(for: .started("copy"))
            let copy = try #require(other.stream("copy"))
            while copy.health().framesPerSecond < 25 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(copy.health().width == 320 && server.simulcast.reports(of: "lamp")["a"]?.phase == .live)
          }
        }
      }
    }
  }

  @Test func `a bad file is named, with what is wrong`() async throws {
    let scratch = try Scratch()
    let good = try await Self.makeCertificate("server", in: scratch)
    let other = try await Self.makeCertificate("other", in: scratch)
    #expect(throws: Never.self) { try good.check() }
    let nothing = scratch.file("nothing.pem").path
    let text = try scratch.write(Array("hello".utf8), to: "text.pem")
    for (files, path, why) in [
      (TLSFiles(certificatePath: nothing, keyPath: good.keyPath), nothing, "cannot be read"),
      (TLSFiles(certificatePath: text, keyPath: good.keyPath), text, "holds no PEM certificate"),
      (TLSFiles(certificatePath: good.certificatePath, keyPath: nothing), nothing, "cannot be read"),
      (TLSFiles(certificatePath: good.certificatePath, keyPath: text), text, "holds no PEM private key"),
      (TLSFiles(certificatePath: good.certificatePath, keyPath: other.keyPath), other.keyPath, "is not the key"),
    ] {
      let fault = #expect(throws: TLSFault.self, "\(why)") { try files.check() }
      #expect(fault?.path == path && fault?.why.hasPrefix(why) == true, "\(fault?.description ?? "")")
    }
  }

  @Test func `a renewed certificate is taken up, one that does not fit is not`() async throws {
    let scratch = try Scratch()
    let files = try await Self.makeCertificate("server", in: scratch)
    let other = try await Self.makeCertificate("other", in: scratch)
    let log = LogLines()
    let certificate = try TLSCertificate(files, logger: Logger(label: "test") { _ in log })
    let first = certificate.context
    certificate.refresh(now: 0)
    #expect(certificate.context === first && log.all.isEmpty)
    func replace(_ path: String, by other: String) throws {
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: other, toPath: path)
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
    }
    try replace(files.certificatePath, by: other.certificatePath)
    certificate.refresh(now: 59_999)
    #expect(log.all.isEmpty)
    certificate.refresh(now: 60_000)
    #expect(certificate.context === first && log.all.last?.contains("is not the key") == true)
    try replace(files.keyPath, by: other.keyPath)
    certificate.refresh(now: 120_000)
    #expect(certificate.context !== first && log.all.last?.contains("renewed") == true)
  }
}
