extension Substring {
  /// Without the spaces and tabs around it (RFC 9110 §5.6.3), which need no Unicode tables to be found: this is asked
  /// several times a request.
  var withoutBlanks: Substring {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    guard let first = utf8.firstIndex(where: { !isBlank($0) }), let last = utf8.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return self[first..<utf8.index(after: last)]
  }
}
