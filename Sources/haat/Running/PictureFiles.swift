import Commerce
import Foundation
import Web

/// Pictures that a product file names by a path beside it. Those named by a web address are left to their owner.
struct PictureFiles: Sendable {
  let shelf: PictureShelf
  /// The folder that paths are relative to; no path leads out of it.
  let folder: URL
  let commerce: Commerce

  init(commerce: Commerce, dataDirectory: String, folder: URL) throws {
    self.commerce = commerce
    self.folder = folder
    shelf = try PictureShelf(commerce: commerce, dataDirectory: dataDirectory)
  }

  /// Adds those that are there to products that have no picture yet, in the order given; gives how many.
  func add(_ named: [ImportReport.NamedPicture], by caller: Caller) async throws -> Int {
    var added = 0
    var bare: [ID<Product>: Bool] = [:]
    for picture in named {
      guard let bytes = bytes(of: picture.address) else { continue }
      if bare[picture.product] == nil {
        bare[picture.product] = try await commerce.product(picture.product, by: caller).pictures.isEmpty
      }
      guard bare[picture.product] == true else { continue }
      _ = try await shelf.add(bytes, alt: picture.alt, to: picture.product, by: caller)
      added += 1
    }
    return added
  }

  private func bytes(of address: String) -> [UInt8]? {
    guard !address.contains(":"), !address.hasPrefix("/"), !address.split(separator: "/").contains("..") else {
      return nil
    }
    guard let data = FileManager.default.contents(atPath: folder.appending(path: address).path),
      data.count <= commerce.policy.pictureBytesMax
    else { return nil }
    return [UInt8](data)
  }
}
