import Commerce

/// JSON Schemas of the API's types, learned from the very code that reads them: each type is decoded once from a decoder
/// that notes what it is asked for. A field that is not in the document can't be read, and the other way round.
struct Schemas {
  /// By name, what `#/components/schemas` holds.
  private(set) var components: [String: JSON] = [:]
  private var types: [String: ObjectIdentifier] = [:]
  /// Names that two types have: the document would say of one what is true of the other.
  private(set) var clashes: Set<String> = []

  /// The schema of a type, a reference where it is a structure.
  mutating func schema<T: Decodable>(of type: T.Type) -> JSON { learn(type)?.schema ?? [:] }

  /// A type's schema and some value of it, which the decoder that asked for one must be given.
  fileprivate mutating func learn<T: Decodable>(_ type: T.Type) -> (schema: JSON, example: T)? {
    if let simple = type as? any SimpleSchema.Type {
      return simple.learned(as: type)
    }
    if let list = type as? any ListSchema.Type {
      return list.learn(with: &self, as: type)
    }
    if let words = Self.words(of: type) { return words }
    let name = Self.name(of: type)
    let decoder = SchemaDecoder(schemas: self)
    guard let example = try? T(from: decoder) else { return nil }
    self = decoder.notes.schemas
    if types.updateValue(ObjectIdentifier(type), forKey: name).map({ $0 != ObjectIdentifier(type) }) ?? false {
      clashes.insert(name)
    }
    components[name] = decoder.notes.object(describing: (type as? any Described.Type)?.fields ?? [:])
    return (["$ref": .string("#/components/schemas/\(name)")], example)
  }

  /// Where in an endpoint's answer the id of what it made is, as a JSON Pointer without its first `/`: its own, or that
  /// of the one thing that it holds. Nil without one.
  func place(ofIDIn endpoint: Endpoint) -> String? {
    guard case .json(let type) = endpoint.answer, let answer = components[Self.name(of: type)] else { return nil }
    let fields = Self.fields(of: answer)
    if fields.contains(where: { $0.key == "id" }) { return "id" }
    return fields.lazy.compactMap { field -> String? in
      let name = field.value["$ref"]?.string?.split(separator: "/").last.map(String.init)
      guard let inner = name.flatMap({ components[$0] }), Self.fields(of: inner).contains(where: { $0.key == "id" })
      else { return nil }
      return "\(field.key)/id"
    }.first
  }

  private static func fields(of component: JSON) -> [JSON.Member] {
    guard case .object(let members)? = component["properties"] else { return [] }
    return members
  }

  /// An enumeration of strings.
  private static func words<T>(of type: T.Type) -> (schema: JSON, example: T)? {
    guard let cases = (type as? any CaseIterable.Type)?.list else { return nil }
    let words = cases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    guard let example = cases.first as? T, words.count == cases.count else { return nil }
    return (["type": "string", "enum": .array(words.map(JSON.string))], example)
  }

  /// `List<Show>` becomes `ListOfShow`.
  private static func name(of type: any Any.Type) -> String {
    String(describing: type).replacing("<", with: "Of").replacing(">", with: "").replacing(".", with: "")
  }
}

/// What the fields of a type mean, where their names do not say it.
protocol Described {
  static var fields: [String: String] { get }
}

/// A type that is a string, a number or a truth value in JSON.
protocol SimpleSchema {
  static var schema: JSON { get }
  /// Some value; what it is does not matter.
  static var example: Self? { get }
}

extension SimpleSchema {
  fileprivate static func learned<T>(as type: T.Type) -> (schema: JSON, example: T)? {
    (example as? T).map { (schema, $0) }
  }
}

extension String: SimpleSchema {
  static var schema: JSON { ["type": "string"] }
  static var example: String? { "" }
}
extension Bool: SimpleSchema {
  static var schema: JSON { ["type": "boolean"] }
  static var example: Bool? { false }
}
extension Int64: SimpleSchema {
  static var schema: JSON { ["type": "integer", "format": "int64"] }
  static var example: Int64? { 0 }
}
extension Int: SimpleSchema {
  static var schema: JSON { ["type": "integer"] }
  static var example: Int? { 0 }
}
extension Double: SimpleSchema {
  static var schema: JSON { ["type": "number"] }
  static var example: Double? { 0 }
}
extension ID: SimpleSchema {
  static var schema: JSON { ["type": "string", "format": "uuid"] }
  static var example: ID? { ID(at: Moment(milliseconds: 0), entropy: Entropy { [UInt8](repeating: 0, count: $0) }) }
}
extension Revision: SimpleSchema {
  static var schema: JSON { ["type": "string", "pattern": "^[0-9a-f]{32}$"] }
  static var example: Revision? { Revision(String(repeating: "0", count: 32)) }
}
extension Moment: SimpleSchema {
  static var schema: JSON { ["type": "string", "format": "date-time"] }
  static var example: Moment? { Moment(milliseconds: 0) }
}
extension Currency: SimpleSchema {
  static var schema: JSON { ["type": "string", "pattern": "^[A-Z]{3}$"] }
  static var example: Currency? { Currency("XXX") }
}

/// Lists, and dictionaries by name.
private protocol ListSchema {
  static func learn<T>(with schemas: inout Schemas, as type: T.Type) -> (schema: JSON, example: T)?
}

extension Array: ListSchema where Element: Decodable {
  fileprivate static func learn<T>(with schemas: inout Schemas, as type: T.Type) -> (schema: JSON, example: T)? {
    let item = schemas.schema(of: Element.self)
    return ([Element]() as? T).map { (["type": "array", "items": item], $0) }
  }
}

extension Dictionary: ListSchema where Key == String, Value: Decodable {
  fileprivate static func learn<T>(with schemas: inout Schemas, as type: T.Type) -> (schema: JSON, example: T)? {
    let value = schemas.schema(of: Value.self)
    return ([String: Value]() as? T).map { (["type": "object", "additionalProperties": value], $0) }
  }
}

extension CaseIterable {
  fileprivate static var list: [Any] { allCases.map { $0 } }
}

/// What one structure asked for.
private final class SchemaNotes {
  var schemas: Schemas
  private var fields: [(name: String, schema: JSON)] = []
  private var optional: Set<String> = []

  init(schemas: Schemas) { self.schemas = schemas }

  func note<T: Decodable>(_ type: T.Type, _ key: some CodingKey) throws -> T {
    guard let (schema, example) = schemas.learn(type) else { throw NoSchema() }
    fields.append((key.stringValue, schema))
    return example
  }

  /// `decodeIfPresent` asks first whether there is something.
  func noteOptional(_ key: some CodingKey) { optional.insert(key.stringValue) }

  func object(describing words: [String: String]) -> JSON {
    let properties = fields.map { name, schema in
      let schema = optional.contains(name) ? Self.nullable(schema) : schema
      return JSON.Member(key: name, value: schema.adding("description", words[name].map(JSON.string)))
    }
    let required = fields.map(\.name).filter { !optional.contains($0) }
    return JSON.members([
      "type": "object", "properties": .object(properties),
      "required": required.isEmpty ? nil : .array(required.map(JSON.string)),
    ])
  }

  /// What may be left out may be null as well.
  private static func nullable(_ schema: JSON) -> JSON {
    guard case .object(let members) = schema, let type = members.first(where: { $0.key == "type" }),
      !members.contains(where: { $0.key == "enum" })
    else { return ["anyOf": [schema, ["type": "null"]]] }
    return .object(members.map { $0.key == "type" ? JSON.Member(key: "type", value: [type.value, "null"]) : $0 })
  }
}

private struct NoSchema: Error {}

/// Says yes to everything, and notes the question.
private struct SchemaDecoder: Decoder {
  let notes: SchemaNotes
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(schemas: Schemas) { notes = SchemaNotes(schemas: schemas) }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Fields<Key>(notes: notes))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw NoSchema() }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw NoSchema() }

  private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let notes: SchemaNotes
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool {
      notes.noteOptional(key)
      return true
    }

    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try notes.note(type, key) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
      -> KeyedDecodingContainer<Nested>
    { throw NoSchema() }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw NoSchema() }

    func superDecoder() throws -> any Decoder { throw NoSchema() }

    func superDecoder(forKey key: Key) throws -> any Decoder { throw NoSchema() }
  }
}
