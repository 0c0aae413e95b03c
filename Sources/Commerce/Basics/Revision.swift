import Crypto
import Foundation

/// What somebody saw of a thing before they changed it: equal exactly when everything that can be edited is equal.
///
/// A change may name the one it was made from, and is then refused when the thing is another by now. It is worked out
/// from the thing itself, inside the change's own transaction, so there is no counter to forget. Stock is not part of
/// it: a sale must not refuse whoever mends a description.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
  /// 32 hexadecimal digits.
  public let description: String

  /// The SHA-256 of `fields`, each with its length, so that none runs into its neighbour.
  init(_ fields: [String]) {
    var hash = SHA256()
    for field in fields {
      withUnsafeBytes(of: UInt32(clamping: field.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: Data(field.utf8))
    }
    description = Hexadecimal.text(hash.finalize().prefix(16))
  }

  /// Reads what `description` wrote; nil for anything else.
  public init?(_ text: String) {
    guard text.utf8.count == 32, text.utf8.allSatisfy({ Hexadecimal.value($0) != nil }) else { return nil }
    description = text
  }

  /// Throws `ChangedMeanwhile` when `seen` is another than this. Nothing seen is nothing to differ from.
  func require(_ seen: Revision?, _ what: String) throws {
    guard let seen, seen != self else { return }
    throw ChangedMeanwhile(what: what)
  }
}

extension Revision: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let revision = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a revision")
    }
    self = revision
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// The thing is another than the one the change was made from: nothing was changed.
public struct ChangedMeanwhile: Refusal, Equatable {
  public let what: String

  public var code: String { "changed_meanwhile" }
  public var sentence: String {
    "Somebody else changed this \(what) in the meantime. Nothing was saved. Look at it again, then save once more."
  }
  public var kind: RefusalKind { .stale }
}

extension Product {
  public var revision: Revision {
    var fields = [title, description, category, taxClass, "\(options.count)"]
    fields += options
    fields += Self.fields(limits)
    for variant in variants {
      fields += [variant.id.description, variant.sku, "\(variant.grams)"]
      fields += Self.fields(variant.limits)
      fields.append("\(variant.options.count)")
      fields += variant.options
      fields += Self.fields(variant.prices)
      fields += Self.fields(variant.compareAt)
    }
    return Revision(fields)
  }

  private static func fields(_ limits: UnitLimits) -> [String] {
    [limits.perOrder, limits.perBuyer].map { $0.map { "\($0)" } ?? "" }
  }

  private static func fields(_ amounts: [String: Money]) -> [String] {
    ["\(amounts.count)"] + amounts.sorted { $0.key < $1.key }.flatMap { [$0.key, "\($0.value.minor)"] }
  }
}

extension Show {
  public var revision: Revision {
    Revision([title, description, "\(scheduledAt.milliseconds)", orientation.rawValue] + markets.sorted())
  }
}

extension Channel {
  public var revision: Revision { Revision([handle, name, about, market]) }
}
