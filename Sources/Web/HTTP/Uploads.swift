import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import Media
import NIOCore

/// The pictures that were sent in: files in one directory, under names that we made.
struct Uploads: Sendable {
  private let directory: URL

  /// Makes the directory when it is missing.
  init(directory: URL) throws {
    self.directory = directory
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  /// Keeps the bytes. They are whole or not there: what is read under the name was written to its end.
  func keep(_ bytes: ByteBuffer, as name: String) async throws {
    let url = directory.appending(path: name)
    try await onThread { try Data(bytes.readableBytesView).write(to: url, options: .atomic) }
  }

  func remove(_ name: String) async {
    let url = directory.appending(path: name)
    // A file that cannot be removed is waste, not a fault of the request.
    try? await onThread { try FileManager.default.removeItem(at: url) }
  }

  /// The bytes of a picture, by a name of ours; nil when they are gone.
  func read(_ name: String) async -> ByteBuffer? {
    let url = directory.appending(path: name)
    return try? await onThread { ByteBuffer(bytes: try Data(contentsOf: url)) }
  }

  /// Answers `/uploads/<name>`. A name we did not make names nothing: no path is built from what a caller sent.
  func answer(_ name: String) async throws -> Response {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    // A UUID has 36 characters; a smaller size has its width behind it.
    let (id, rest) = (String(parts[0].prefix(36)), parts[0].dropFirst(36))
    let isWhole = rest.isEmpty || PictureSizes.widths.contains { rest == "-\($0)" }
    guard parts.count == 2, UUID(uuidString: id) != nil, isWhole, ["jpg", "png", "webp"].contains(parts[1]) else {
      throw Problem.notFound("file")
    }
    let url = directory.appending(path: id.lowercased() + rest + "." + parts[1])
    guard let data = try? await onThread({ try Data(contentsOf: url) }) else { throw Problem.notFound("file") }
    return Response(
      status: .ok,
      headers: [
        .contentType: MediaTypes.type(of: name), .cacheControl: "public, max-age=31536000, immutable",
        .contentSecurityPolicy: "default-src 'none'; sandbox",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }

  /// Disks are slow: their work is done on a thread that serves nobody else.
  private func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
    }
  }
}
