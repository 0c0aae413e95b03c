import Foundation

/// Part of a list, and where the next part begins.
public struct Page<Item: Sendable>: Sendable {
  public let items: [Item]
  /// Nil at the end.
  public let next: Cursor?

  public init(items: [Item], next: Cursor?) {
    self.items = items
    self.next = next
  }

  /// What was asked for with one more than `limit`, so that the last page knows it is the last.
  init(_ found: [Item], limit: Int, cursor: (Item) -> Cursor) {
    items = Array(found.prefix(limit))
    next = found.count > limit ? items.last.map(cursor) : nil
  }

  public func map<Other: Sendable>(_ transform: (Item) throws -> Other) rethrows -> Page<Other> {
    Page<Other>(items: try items.map(transform), next: next)
  }
}

/// A place in a list, opaque to callers: the sort key and id of the last item seen.
///
/// New items do not shift a page, as they would with offsets.
public struct Cursor: Hashable, Sendable, CustomStringConvertible {
  let key: Int64
  let id: [UInt8]

  init<Entity>(_ key: Int64, _ id: ID<Entity>) {
    self.key = key
    self.id = id.bytes
  }

  /// The same item under another key.
  init(_ key: Int64, _ id: [UInt8]) {
    self.key = key
    self.id = id
  }

  /// Reads what `description` wrote; nil for anything else.
  public init?(_ text: String) {
    guard text.utf8.count == 32 else { return nil }
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    guard let bytes = Data(base64Encoded: base64).map(Array.init), bytes.count == 24 else { return nil }
    key = Int64(bitPattern: bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    id = Array(bytes.suffix(16))
  }

  public var description: String {
    let keyBytes = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(bitPattern: key) >> (56 - 8 * UInt64($0))) }
    return Data(keyBytes + id).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
  }
}

extension Policy {
  /// What a page of ours asks for where it would like `wanted` items: never more than an operator allows.
  public func pageLimit(_ wanted: Int) -> Int { min(wanted, pageLimitMax) }

  /// Throws unless a page of this size may be asked for.
  func check(limit: Int) throws {
    guard (1...pageLimitMax).contains(limit) else {
      throw GeneralRefusal.invalid(field: "limit", why: "must be between 1 and \(pageLimitMax)")
    }
  }
}
