import CMalloc

/// How the C library keeps large buffers.
enum LargeBuffers {
  /// A whole segment is a buffer of the next power of two, let go half a minute later. Each shall be a mapping of its own:
  /// then what is not written to takes no memory, and the kernel has it back at once. By itself the C library goes over
  /// to keeping and reusing such buffers, with all the pages they ever had.
  static func areMapped() {
    #if canImport(Glibc)
      mallopt(M_MMAP_THRESHOLD, 64 << 10)
    #endif
  }
}
