/// Schema text in PostgreSQL's spelling, cut into statements and respelled for each engine.
struct SchemaText {
  private enum Token {
    case word(String)
    /// White space, a number, a sign, or a quoted text with its quotes.
    case other(String)

    var text: String {
      switch self {
      case .word(let text), .other(let text): text
      }
    }

    func isWord(_ word: String) -> Bool {
      guard case .word(let text) = self else { return false }
      return text.uppercased() == word
    }
  }

  private var statements: [[Token]] = []

  /// Comments are dropped, so that a semicolon or a quote in one means nothing.
  init(_ text: String) {
    var scanner = Substring(text)
    var statement: [Token] = []
    while let next = scanner.first {
      if scanner.hasPrefix("--") {
        scanner = scanner.drop { !$0.isNewline }
      } else if scanner.hasPrefix("/*") {
        scanner = Self.after("*/", in: scanner.dropFirst(2))
        statement.append(.other(" "))
      } else if next == "'" || next == "\"" {
        let rest = Self.after(String(next), in: scanner.dropFirst())
        statement.append(.other(String(scanner[..<rest.startIndex])))
        scanner = rest
      } else if next == ";" {
        scanner.removeFirst()
        statements.append(statement)
        statement = []
      } else if next.isLetter || next == "_" {
        let word = scanner.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        statement.append(.word(String(word)))
        scanner = scanner.dropFirst(word.count)
      } else {
        statement.append(.other(String(next)))
        scanner.removeFirst()
      }
    }
    statements.append(statement)
    statements.removeAll { $0.allSatisfy { $0.text.allSatisfy(\.isWhitespace) } }
  }

  /// A deferred constraint is checked when the whole batch commits, so one call would fail all that share the commit.
  var hasDeferredConstraints: Bool {
    statements.contains { $0.contains { $0.isWord("DEFERRABLE") || $0.isWord("DEFERRED") } }
  }

  /// For SQLite: `INTEGER` and `BLOB` columns of STRICT tables. Without STRICT, `Int64.max + 1` becomes a fraction.
  ///
  /// A table with a primary key is kept in the order of that key (WITHOUT ROWID): one tree to write instead of two, and
  /// the key takes no NULL, as in PostgreSQL and unlike SQLite's other tables.
  var sqlite: [String] {
    statements.map { statement in
      var columns = ColumnTypes()
      let text = statement.map { token in
        guard columns.isType(token) else { return token.text }
        return token.isWord("BIGINT") ? "INTEGER" : token.isWord("BYTEA") ? "BLOB" : token.text
      }.joined()
      guard Self.begins(statement, with: "CREATE", "TABLE") else { return text }
      return text + (statement.contains { $0.isWord("PRIMARY") } ? " STRICT, WITHOUT ROWID" : " STRICT")
    }
  }

  /// For PostgreSQL: text that sorts and compares by its bytes, as SQLite's does, whatever the database's own language.
  var postgres: [String] {
    statements.map { statement in
      var columns = ColumnTypes()
      return statement.map { token in
        columns.isType(token) && token.isWord("TEXT") ? "TEXT COLLATE \"C\"" : token.text
      }.joined()
    }
  }

  /// Tells a column's type, which follows the column's name, from a column that is called like a type.
  private struct ColumnTypes {
    private var depth = 0
    private var last: [String] = ["", ""]

    mutating func isType(_ token: Token) -> Bool {
      let text = token.text
      guard !text.allSatisfy(\.isWhitespace) else { return false }
      if text == "(" { depth += 1 }
      if text == ")" { depth -= 1 }
      defer { last = [last[1], text.uppercased()] }
      switch last[0] {
      case "(", ",": return depth == 1
      case "ADD", "COLUMN": return last[1] != "COLUMN"
      default: return false
      }
    }
  }

  private static func begins(_ statement: [Token], with words: String...) -> Bool {
    let found = statement.lazy.filter { if case .word = $0 { true } else { false } }.prefix(words.count)
    return found.count == words.count && zip(found, words).allSatisfy { $0.isWord($1) }
  }

  /// What follows the first `end`, or nothing.
  private static func after(_ end: String, in text: Substring) -> Substring {
    var rest = text
    while !rest.isEmpty, !rest.hasPrefix(end) { rest.removeFirst() }
    return rest.dropFirst(end.count)
  }
}
