import Foundation

/// The documentation's example of a page with a show in it, with what its reader has to fill in, and for readers in India.
public func embedExample(haat: String, show: String, partner: String) throws -> String {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../examples/embed.html").standardizedFileURL
  return try String(contentsOf: file, encoding: .utf8)
    .replacing("https://haat.example", with: haat)
    .replacing("00000000-0000-7000-8000-000000000000", with: show)
    .replacing("your-key", with: partner)
    .replacing("<haat-show ", with: "<haat-show market=\"IN\" ")
}
