import Commerce

/// A list, or a part of one. `next` is always there: null at the end.
struct List<Item: Codable & Sendable>: Codable, Sendable {
  var items: [Item]
  var next: String?

  init(_ items: [Item]) { self.items = items }

  init<Other>(_ page: Page<Other>, _ item: (Other) throws -> Item) rethrows {
    items = try page.items.map(item)
    next = page.next?.description
  }

  private enum CodingKeys: String, CodingKey { case items, next }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(items, forKey: .items)
    try container.encode(next, forKey: .next)
  }
}

/// A seller's channel. NIO has channels too, and `Commerce` is a module as well as a type of its own.
typealias CommerceChannel = Channel
