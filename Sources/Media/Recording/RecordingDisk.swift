internal import Foundation
internal import NIOCore

/// The few things a recording asks of the file system. A value of closures, so that a test can have a disk that is full,
/// slow, or dies in the middle of a write.
struct RecordingDisk: Sendable {
  /// Writes all of the bytes at the offset, or throws.
  var write: @Sendable (_ file: Int32, _ bytes: ByteBuffer, _ offset: Int64) throws -> Void
  /// Returns when what was written would survive a power cut.
  var sync: @Sendable (_ file: Int32) throws -> Void
  /// Bytes free for us where `directory` is.
  var free: @Sendable (_ directory: String) -> Int64

  static let system = RecordingDisk(
    write: { file, bytes, offset in
      try bytes.withUnsafeReadableBytes { pointer in
        var done = 0
        while done < pointer.count {
          let count = pwrite(
            file, pointer.baseAddress.map { $0 + done }, pointer.count - done, off_t(offset + Int64(done)))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { throw DiskFault("writing") }
          done += count
        }
      }
    },
    sync: { file in if fdatasync(file) != 0 { throw DiskFault("syncing") } },
    free: { directory in
      var figures = statvfs()
      guard statvfs(directory, &figures) == 0 else { return .max }
      return Int64(
        clamping: UInt64(figures.f_bavail).multipliedReportingOverflow(by: UInt64(figures.f_frsize)).partialValue)
    })

  static func open(_ path: String, _ flags: Int32) throws -> Int32 {
    let file = Foundation.open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DiskFault("opening \(path)") }
    return file
  }

  static func size(_ path: String) -> Int64? {
    var figures = stat()
    return stat(path, &figures) == 0 ? Int64(figures.st_size) : nil
  }

  /// `length` bytes at `offset`, or as many as there are.
  static func read(_ file: Int32, _ offset: Int64, _ length: Int) throws -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: length)
    while buffer.readableBytes < length {
      let missing = length - buffer.readableBytes
      let place = offset + Int64(buffer.readableBytes)
      let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { pointer in
        let count = pread(file, pointer.baseAddress, missing, off_t(place))
        if count < 0, errno != EINTR { throw DiskFault("reading") }
        return max(0, count)
      }
      if count == 0 { break }
    }
    return buffer
  }
}

/// What the system said when a file could not be opened, read or written.
struct DiskFault: Error, CustomStringConvertible {
  let description: String

  init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }

  init(sentence: String) { description = sentence }
}
