public import Commerce
import Foundation
import NIOCore

/// Takes a product's picture in: checks what the bytes are, keeps them under a name of ours, and notes it in the catalogue.
public struct PictureShelf: Sendable {
  private let commerce: Commerce
  private let uploads: Uploads

  init(commerce: Commerce, uploads: Uploads) {
    self.commerce = commerce
    self.uploads = uploads
  }

  /// For a program that has the data directory but serves no pages. Throws when the directory cannot be made.
  public init(commerce: Commerce, dataDirectory: String) throws {
    self.init(
      commerce: commerce,
      uploads: try Uploads(
        directory: URL(filePath: dataDirectory, directoryHint: .isDirectory).appending(path: "uploads")))
  }

  /// Adds the picture at the end of the product's pictures.
  ///
  /// Throws `PictureRefusal` for bytes that are no picture, and what `Commerce.addPicture` refuses; nothing is kept then.
  public func add(_ bytes: [UInt8], alt: String, to product: ID<Product>, by caller: Caller) async throws -> Picture {
    try await add(ByteBuffer(bytes: bytes), alt: alt, to: product, by: caller)
  }

  func add(_ bytes: ByteBuffer, alt: String, to product: ID<Product>, by caller: Caller) async throws -> Picture {
    try await commerce.checkMayAddPicture(by: caller, product: product)
    guard let header = PictureHeader(bytes) else { throw PictureRefusal.notAPicture }
    let id = commerce.makeID(Picture.self)
    let file = try commerce.pictureFile(id, contentType: header.contentType)
    try await uploads.keep(bytes, as: file)
    do {
      let draft = PictureDraft(
        contentType: header.contentType, width: header.width, height: header.height, alt: alt)
      return try await commerce.addPicture(id, by: caller, product: product, draft)
    } catch {
      await uploads.remove(file)
      throw error
    }
  }
}

/// Why bytes are not taken as a picture.
public enum PictureRefusal: Refusal, Equatable {
  case notAPicture

  public var code: String { "no_picture" }
  public var sentence: String { "These bytes are no JPEG, PNG or WebP picture that can be read." }
  public var kind: RefusalKind { .invalid }
  public var field: String? { "picture" }
}
