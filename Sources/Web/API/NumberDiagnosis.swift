import Foundation

/// Finds the number that Foundation's decoder stumbled over: it forgets where a number was that is not whole, or too
/// large, and only says that the document is no JSON.
enum NumberDiagnosis {
  /// The path of the first number that is no 64-bit integer; nil when there is none, or the document is no JSON.
  static func path(in json: Data) -> String? {
    guard let value = try? JSONDecoder().decode(Value.self, from: json) else { return nil }
    return path(in: value, at: [])?.joined(separator: ".")
  }

  private static func path(in value: Value, at place: [String]) -> [String]? {
    switch value {
    case .number(let number): Int64(exactly: number) == nil ? place : nil
    case .list(let items):
      items.enumerated().lazy.compactMap { path(in: $0.element, at: place + [String($0.offset)]) }.first
    case .object(let members):
      members.sorted { $0.key < $1.key }.lazy.compactMap { path(in: $0.value, at: place + [$0.key]) }.first
    case .other: nil
    }
  }

  private indirect enum Value: Decodable {
    case number(Double)
    case list([Value])
    case object([String: Value])
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let items = try? container.decode([Value].self) {
        self = .list(items)
      } else if let members = try? container.decode([String: Value].self) {
        self = .object(members)
      } else {
        self = .other
      }
    }
  }
}
