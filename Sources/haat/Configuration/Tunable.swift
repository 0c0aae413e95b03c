/// A limit or duration that one of the parts declares with its default, offered as a setting: the default stands in one
/// place, in the part.
struct Tunable<Part>: Sendable {
  let setting: Setting
  private let apply: @Sendable (inout Part, Settings) -> Void

  /// - Parameters:
  ///   - part: the part with its defaults.
  ///   - range: what the operator may choose; wide enough for any sane installation.
  init<Number: FixedWidthInteger & Sendable>(
    _ key: String, _ path: any WritableKeyPath<Part, Number> & Sendable, of part: Part, _ range: ClosedRange<Int>,
    _ help: String, isPowerOfTwo: Bool = false
  ) {
    setting = Setting(
      key: key, kind: isPowerOfTwo ? .powerOfTwo(range) : .integer(range), fallback: "\(part[keyPath: path])",
      help: help)
    apply = { part, settings in part[keyPath: path] = Number(clamping: settings.integer(key)) }
  }

  init(_ key: String, _ path: any WritableKeyPath<Part, Bool> & Sendable, of part: Part, _ help: String) {
    setting = Setting(key: key, kind: .flag, fallback: "\(part[keyPath: path])", help: help)
    apply = { part, settings in part[keyPath: path] = settings.flag(key) }
  }

  /// The part with every tunable as the settings say.
  static func tuned(_ part: Part, by tunables: [Tunable<Part>], from settings: Settings) -> Part {
    var part = part
    for tunable in tunables { tunable.apply(&part, settings) }
    return part
  }
}
