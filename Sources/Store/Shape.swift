extension SQL {
  /// Of which literals a statement is made, and where its values stand: what makes its text, and tells it from others at a
  /// tenth of what the text would cost. An order's statements have 4,000 characters, and are put together anew for each.
  struct Shape: Hashable, Sendable {
    /// The addresses of its literals, in order, and `value` for each value. Literals stand still for as long as the program
    /// runs; two of the same text are two shapes, which costs no more than preparing a statement twice.
    private var parts: [UInt] = []
    private var digest: UInt = 0
    /// Text that no literal holds; it is all there is then.
    private var verbatim: String?

    /// No literal is there.
    private static let value: UInt = 0

    init() {}

    init(verbatim text: String) { verbatim = text }

    mutating func reserve(values: Int) { parts.reserveCapacity(2 * values + 1) }

    mutating func append(_ literal: StaticString) {
      // What is written in a statement is text, of one character as well; a lone scalar would have no address.
      precondition(literal.hasPointerRepresentation, "an SQL literal is a string")
      guard literal.utf8CodeUnitCount > 0 else { return }
      append(UInt(bitPattern: literal.utf8Start))
    }

    mutating func appendValue() { append(Self.value) }

    mutating func append(_ shape: Shape) {
      precondition(shape.verbatim == nil, "verbatim text is a statement of its own")
      for part in shape.parts { append(part) }
    }

    private mutating func append(_ part: UInt) {
      parts.append(part)
      // FNV-1a, a word at a time: the words are ours, so nobody can choose them to collide.
      digest = (digest ^ part) &* 0x0000_0100_0000_01b3
    }

    static func == (a: Shape, b: Shape) -> Bool {
      a.digest == b.digest && a.parts == b.parts && a.verbatim == b.verbatim
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(digest)
      if let verbatim { hasher.combine(verbatim) }
    }

    /// With `$1…$n` where the values stand.
    var text: String {
      if let verbatim { return verbatim }
      var text = ""
      var values = 0
      for part in parts {
        if let literal = Self.literal(at: part) {
          text += String(cString: literal)
        } else {
          values += 1
          text += "$\(values)"
        }
      }
      return text
    }

    /// What a statement changes, as far as its first words say.
    var change: Change {
      if begins(with: "SELECT ") { return .nothing }
      for verb in ["INSERT INTO ", "UPDATE "] as [StaticString] where begins(with: verb) {
        let name = text.utf8.dropFirst(verb.utf8CodeUnitCount).prefix { byte in
          byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        }
        return name.isEmpty ? .anything : .rows(String(decoding: name, as: UTF8.self))
      }
      return .anything
    }

    /// Whether all that the statement can change are rows, which SQLite counts. False when in doubt.
    var changesRowsAlone: Bool { begins(with: "INSERT ") || begins(with: "UPDATE ") || begins(with: "DELETE ") }

    private func begins(with words: StaticString) -> Bool {
      if let verbatim { return words.withUTF8Buffer { verbatim.utf8.starts(with: $0) } }
      guard let literal = parts.first.flatMap(Self.literal(at:)) else { return false }
      // It stops at the NUL of a shorter one.
      return words.withUTF8Buffer { words in words.indices.allSatisfy { literal[$0] == words[$0] } }
    }

    /// Nil for a value. The compiler ends every literal with a NUL.
    private static func literal(at part: UInt) -> UnsafePointer<UInt8>? { UnsafePointer(bitPattern: part) }
  }

  /// What a statement changes.
  enum Change: Equatable {
    case nothing
    /// Rows of this table are made or are others.
    case rows(String)
    /// It deletes, which may reach into other tables, or is none of the usual ones.
    case anything
  }
}
