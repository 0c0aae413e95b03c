public import Commerce
import Foundation
import Media
import NIOCore
import Synchronization

/// Takes a product's picture in: checks what the bytes are, makes it anew without what else was in the file and in smaller
/// sizes, keeps all of it under names of ours, and notes it in the catalogue.
public struct PictureShelf: Sendable {
  private let commerce: Commerce
  private let uploads: Uploads
  private let ffmpeg: String

  init(commerce: Commerce, uploads: Uploads, ffmpeg: String) {
    self.commerce = commerce
    self.uploads = uploads
    self.ffmpeg = ffmpeg
  }

  /// For a program that has the data directory but serves no pages. Throws when the directory cannot be made.
  public init(commerce: Commerce, dataDirectory: String) throws {
    self.init(
      commerce: commerce,
      uploads: try Uploads(
        directory: URL(filePath: dataDirectory, directoryHint: .isDirectory).appending(path: "uploads")),
      ffmpeg: PosterConfiguration().ffmpeg)
  }

  /// Adds the picture at the end of the product's pictures.
  ///
  /// Throws `PictureRefusal` for bytes that are no picture, and what `Commerce.addPicture` refuses; nothing is kept then.
  public func add(_ bytes: [UInt8], alt: String, to product: ID<Product>, by caller: Caller) async throws -> Picture {
    try await add(ByteBuffer(bytes: bytes), alt: alt, to: product, by: caller)
  }

  func add(_ bytes: ByteBuffer, alt: String, to product: ID<Product>, by caller: Caller) async throws -> Picture {
    try await commerce.checkMayAddPicture(by: caller, product: product)
    guard let header = PictureHeader(bytes), let kind = header.kind else { throw PictureRefusal.notAPicture }
    try commerce.checkPicture(width: header.width, height: header.height)
    let drawn: PictureSizes
    do {
      drawn = try await Self.desk.wait {
        try await DrawSizes(ffmpeg: ffmpeg).draw(
          Array(bytes.readableBytesView), kind, width: header.width, height: header.height,
          orientation: header.orientation)
      }
    } catch let fault as DrawSizes.Fault {
      if case .tookTooLong = fault { throw PictureRefusal.tooLong }
      throw PictureRefusal.notAPicture
    }
    let id = commerce.makeID(Picture.self)
    let file = try commerce.pictureFile(id, contentType: header.contentType)
    let draft = PictureDraft(
      contentType: header.contentType, width: drawn.width, height: drawn.height, alt: alt,
      sizes: drawn.sizes.map(\.width))
    var kept: [String] = []
    do {
      for (name, content) in files(of: drawn, file) {
        kept.append(name)
        try await uploads.keep(ByteBuffer(bytes: content), as: name)
      }
      return try await commerce.addPicture(id, by: caller, product: product, draft)
    } catch {
      for name in kept { await uploads.remove(name) }
      throw error
    }
  }

  private func files(of drawn: PictureSizes, _ file: String) -> [(String, [UInt8])] {
    [(file, drawn.whole)]
      + drawn.sizes.flatMap { size in
        [(Picture.file(file, width: size.width, ending: "webp"), size.webp)]
          + (size.jpeg.map { [(Picture.file(file, width: size.width, ending: "jpg"), $0)] } ?? [])
      }
  }

  /// Pictures are made one after the other, whoever sends them: viewers want the processor too.
  private static let desk = PictureDesk()
}

extension Site {
  func pictures(of commerce: Commerce) -> PictureShelf {
    PictureShelf(commerce: commerce, uploads: uploads, ffmpeg: configuration.posters.ffmpeg)
  }
}

/// Lets one at a time through, and refuses when too many wait.
final class PictureDesk: Sendable {
  private static let waitingMax = 32

  private struct Line {
    var isBusy = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let line = Mutex(Line())

  func wait<T: Sendable>(_ work: @Sendable () async throws -> T) async throws -> T {
    let isFull = line.withLock { $0.waiting.count >= Self.waitingMax }
    guard !isFull else { throw PictureRefusal.busy }
    await withCheckedContinuation { continuation in
      let isFree = line.withLock { line in
        guard line.isBusy else {
          line.isBusy = true
          return true
        }
        line.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
    defer { next() }
    return try await work()
  }

  private func next() {
    let next = line.withLock { line -> CheckedContinuation<Void, Never>? in
      guard !line.waiting.isEmpty else {
        line.isBusy = false
        return nil
      }
      return line.waiting.removeFirst()
    }
    next?.resume()
  }
}

extension PictureHeader {
  var kind: DrawSizes.Kind? {
    switch contentType {
    case "image/jpeg": .jpeg
    case "image/png": .png
    case "image/webp": .webp
    default: nil
    }
  }
}

/// Why bytes are not taken as a picture.
public enum PictureRefusal: Refusal, Equatable {
  case notAPicture
  case tooLong
  case busy

  public var code: String {
    switch self {
    case .notAPicture: "no_picture"
    case .tooLong: "picture_too_slow"
    case .busy: "busy"
    }
  }

  public var sentence: String {
    switch self {
    case .notAPicture: "These bytes are no JPEG, PNG or WebP picture that can be read. Animated pictures are not taken."
    case .tooLong: "This picture takes too long to read. Send it smaller."
    case .busy: "Too many pictures are being made at this moment. Send it again in a few seconds."
    }
  }

  public var kind: RefusalKind { self == .busy ? .busy : .invalid }
  public var field: String? { self == .busy ? nil : "picture" }
}
