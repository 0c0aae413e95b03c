import Foundation

extension ImportDetail {
  init(json: String) throws { self = try JSONDecoder().decode(ImportDetail.self, from: Data(json.utf8)) }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
