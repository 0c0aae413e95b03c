internal import Foundation
internal import NIOSSL

/// The certificate and private key with which RTMPS or HTTPS is served, as PEM files.
public struct TLSFiles: Sendable, Equatable {
  /// The server's certificate, followed by those that lead to a known authority.
  public var certificatePath: String
  /// The certificate's private key, without a passphrase.
  public var keyPath: String

  public init(certificatePath: String, keyPath: String) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
  }

  /// Reads both files and holds them against each other.
  /// - Throws: what is wrong, with the file it is wrong in.
  public func check() throws(TLSFault) { _ = try context() }

  func context(_ applicationProtocols: [String] = []) throws(TLSFault) -> NIOSSLContext {
    let chain = try Self.certificates(certificatePath)
    let key: NIOSSLPrivateKey
    do { key = try NIOSSLPrivateKey(file: keyPath, format: .pem) } catch {
      throw TLSFault(path: keyPath, why: Self.why(keyPath, "holds no PEM private key, or one with a passphrase"))
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = applicationProtocols
    do { return try NIOSSLContext(configuration: configuration) } catch {
      throw TLSFault(path: keyPath, why: "is not the key of the certificate in \(certificatePath)")
    }
  }

  /// Reads a file of certificates alone, as `MediaConfiguration.relayAuthoritiesPath` names one.
  /// - Throws: what is wrong with it.
  public static func checkAuthorities(_ path: String) throws(TLSFault) { _ = try certificates(path) }

  private static func certificates(_ path: String) throws(TLSFault) -> [NIOSSLCertificate] {
    do {
      let all = try NIOSSLCertificate.fromPEMFile(path)
      if !all.isEmpty { return all }
    } catch {}
    throw TLSFault(path: path, why: why(path, "holds no PEM certificate"))
  }

  /// When either file was last written; nil when that cannot be told.
  var modified: [Date]? {
    let dates = [certificatePath, keyPath].compactMap {
      (try? FileManager.default.attributesOfItem(atPath: $0))?[.modificationDate] as? Date
    }
    return dates.count == 2 ? dates : nil
  }

  private static func why(_ path: String, _ otherwise: String) -> String {
    FileManager.default.isReadableFile(atPath: path)
      ? otherwise : "cannot be read. Check that the file exists and may be read"
  }
}

/// A certificate or key that cannot be used.
public struct TLSFault: Error, Equatable, CustomStringConvertible {
  /// The file at fault.
  public let path: String
  /// What is wrong with it, as the end of a sentence that begins with the path.
  public let why: String

  public var description: String { "\(path) \(why)" }
}
