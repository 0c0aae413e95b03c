import Crypto
import Foundation

/// Tells whether a repeated request is the same request: SHA-256 of what it asked for and who asked, kept with the
/// thing it made.
enum MadeHash {
  static func of(_ body: some Encodable, by caller: Caller, for parent: String = "") throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var hash = SHA256()
    hash.update(data: try encoder.encode(body))
    hash.update(data: Data("\n\(caller.account?.description ?? "")\n\(parent)".utf8))
    return Array(hash.finalize())
  }
}

/// The id names something already, and it was made from another request.
public struct IDTaken: Refusal, Equatable {
  public let what: String

  public init(what: String) { self.what = what }

  public var code: String { "id_taken" }
  public var sentence: String { "This id names another \(what) already. Choose a new id for a new \(what)." }
  public var kind: RefusalKind { .mismatch }
  public var field: String? { "id" }
}
