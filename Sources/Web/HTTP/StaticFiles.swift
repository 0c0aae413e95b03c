import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The files under `Resources/Static`, held in memory, plain and packed.
///
/// Their addresses are `/static/<hash>/<path>`. The hash is that of the whole tree, not of one file, so that a module's
/// relative `import` stays within the same release; under it everything is immutable.
struct StaticFiles: Sendable {
  struct File: Sendable {
    let type: String
    let plain: ByteBuffer
    /// Nil for what gzip does not make smaller.
    let packed: ByteBuffer?
  }

  let hash: String
  private let files: [String: File]

  /// Reads every regular file below `directory`, once.
  init(directory: URL) throws {
    var files: [String: File] = [:]
    var digest = SHA256()
    for path in try Self.paths(below: directory) {
      let data = try Data(contentsOf: directory.appending(path: path))
      digest.update(data: Data(path.utf8))
      digest.update(data: data)
      let type = MediaTypes.type(of: path)
      let plain =
        ["js", "css"].contains(path.split(separator: ".").last)
        ? ByteBuffer(string: WithoutComments.text(String(decoding: data, as: UTF8.self))) : ByteBuffer(bytes: data)
      let packed = MediaTypes.isText(type) ? Gzip.compress(plain, level: 9) : nil
      files[path] = File(
        type: type, plain: plain, packed: packed.flatMap { $0.readableBytes < plain.readableBytes ? $0 : nil })
    }
    self.files = files
    hash = String(digest.finalize().map { String(format: "%02x", $0) }.joined().prefix(16))
  }

  /// Sorted, so that the hash does not depend on the file system; `/` between the parts.
  private static func paths(below directory: URL) throws -> [String] {
    guard let walk = FileManager.default.enumerator(atPath: directory.path) else { return [] }
    return walk.compactMap { $0 as? String }.filter { path in
      var isDirectory: ObjCBool = false
      let exists = FileManager.default.fileExists(
        atPath: directory.appending(path: path).path, isDirectory: &isDirectory)
      return exists && !isDirectory.boolValue
    }.sorted()
  }

  /// The address of a file given by its path below `Static`, like `css/base.css`.
  func url(_ path: String) -> String { "/static/\(hash)/\(path)" }

  var paths: [String] { files.keys.sorted() }

  /// Answers `/service-worker.js`, whose address may not change and whose place says which pages it is for.
  func serviceWorker(_ languages: Languages) throws -> Response {
    guard let file = files["js/service-worker.js"] else { throw Problem.notFound("file") }
    // A browser takes it anew when it has changed: so it does with every release.
    var program = ByteBuffer(
      string: "self.site = \(try DataBlock.text(WorkerSite(release: hash, languages: languages.all)));\n")
    program.writeImmutableBuffer(file.plain)
    return Response(
      status: .ok, headers: [.contentType: file.type, .cacheControl: "no-cache"],
      body: ResponseBody(byteBuffer: program))
  }

  /// One of them under an address that never changes.
  func file(_ path: String) throws -> Response {
    guard let file = files[path] else { throw Problem.notFound("file") }
    return Response(
      status: .ok, headers: [.contentType: file.type, .cacheControl: "public, max-age=86400"],
      body: ResponseBody(byteBuffer: file.plain))
  }

  /// Answers `/embed.js`, which other sites' pages name: its address never changes, and who has it asks again after five
  /// minutes whether it is still the one.
  func embedScript(_ request: Request) throws -> Response {
    guard let file = files["js/haat-show.js"] else { throw Problem.notFound("file") }
    var headers: HTTPFields = [
      .contentType: file.type, .cacheControl: "public, max-age=300", .eTag: "W/\"\(hash)\"", .vary: "Accept-Encoding",
      // A module that another site's page names is fetched by the rules for reading it.
      .accessControlAllowOrigin: "*",
    ]
    if request.headers[.ifNoneMatch] == headers[.eTag] { return Response(status: .notModified, headers: headers) }
    guard let packed = file.packed, request.takesGzip else {
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.plain))
    }
    headers[.contentEncoding] = "gzip"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: packed))
  }

  /// Answers `/static/<hash>/<path>`. A page of an earlier release asks with its old hash and is sent to the present file.
  func answer(_ request: Request, hash asked: String, path: String) throws -> Response {
    guard let file = files[path] else { throw Problem.notFound("file") }
    guard asked == hash else {
      return Response(status: .found, headers: [.location: url(path), .cacheControl: "no-store"])
    }
    var headers: HTTPFields = [
      .contentType: file.type, .cacheControl: "public, max-age=31536000, immutable", .vary: "Accept-Encoding",
    ]
    guard let packed = file.packed, request.takesGzip else {
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.plain))
    }
    headers[.contentEncoding] = "gzip"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: packed))
  }
}

/// What the service worker is told of the site.
private struct WorkerSite: Encodable {
  let release: String
  let languages: [String]
}

/// File name → media type, for what Haat itself serves.
enum MediaTypes {
  static func type(of path: String) -> String {
    switch path.split(separator: ".").last.map({ $0.lowercased() }) {
    case "css": "text/css; charset=utf-8"
    case "js", "mjs": "text/javascript; charset=utf-8"
    case "html": "text/html; charset=utf-8"
    case "txt": "text/plain; charset=utf-8"
    case "json": "application/json"
    case "webmanifest": "application/manifest+json"
    case "svg": "image/svg+xml"
    case "png": "image/png"
    case "jpg", "jpeg": "image/jpeg"
    case "webp": "image/webp"
    case "ico": "image/x-icon"
    case "woff2": "font/woff2"
    default: "application/octet-stream"
    }
  }

  /// Whether gzip pays: text, and what is text by another name.
  static func isText(_ type: String) -> Bool {
    type.hasPrefix("text/") || type.hasPrefix("application/json") || type.hasPrefix("application/problem+json")
      || type.hasPrefix("application/manifest+json") || type.hasPrefix("application/vnd.apple.mpegurl")
      || type.hasPrefix("image/svg+xml")
  }
}

extension Request {
  /// Whether the client lists gzip, and not with a weight of zero.
  var takesGzip: Bool {
    guard let accepted = headers[.acceptEncoding] else { return false }
    return accepted.split(separator: ",").contains { offer in
      let parts = offer.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      return parts.first == "gzip"
        && !parts.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
    }
  }
}
