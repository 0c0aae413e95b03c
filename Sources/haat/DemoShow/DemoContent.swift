import Foundation

/// What the demo shows and says: files of our own making under `Demo/`.
struct DemoContent: Sendable {
  let directory: URL

  init() throws {
    guard let directory = Bundle.module.url(forResource: "Demo", withExtension: nil) else {
      throw StartFault(sentence: "the demo's files are missing from this installation; build it with “make build”")
    }
    self.directory = directory
  }

  /// The catalogue with the prices of a market, as Shopify writes it.
  func catalogue(market: String) throws -> [UInt8] {
    [UInt8](try data(market == "IN" ? "catalogue.csv" : "catalogue-\(market).csv"))
  }

  /// What the channel and its show are called: `name`, `handle`, `about`, `show`.
  func names() throws -> [String: String] {
    Dictionary(try pairs("channel.txt").map { ($0.0, $0.1) }) { first, _ in first }
  }

  /// The order in which products are shown, by handle.
  func run() throws -> [String] { try lines("run.txt") }

  /// Who says what, in turn.
  func chat() throws -> [(name: String, text: String)] { try pairs("chat.txt") }

  func picture(_ name: String) throws -> [UInt8] { [UInt8](try data("Pictures/\(name)")) }

  /// ffmpeg's arguments, a line each, with the places of the pictures and of the film filled in.
  func filmArguments(out: String) throws -> [String] {
    let pictures = directory.appending(path: "Pictures").path
    return try lines("film.txt").map {
      $0.replacingOccurrences(of: "{pictures}", with: pictures).replacingOccurrences(of: "{out}", with: out)
    }
  }

  private func pairs(_ name: String) throws -> [(name: String, text: String)] {
    try lines(name).compactMap { line in
      let halves = line.split(separator: "\t", maxSplits: 1)
      return halves.count == 2 ? (String(halves[0]), String(halves[1])) : nil
    }
  }

  private func lines(_ name: String) throws -> [String] {
    String(decoding: try data(name), as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("#") }
  }

  private func data(_ name: String) throws -> Data { try Data(contentsOf: directory.appending(path: name)) }
}
