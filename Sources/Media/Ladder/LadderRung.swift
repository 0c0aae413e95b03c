/// One smaller picture that is made of every show's own.
public struct LadderRung: Sendable, Hashable {
  /// Pixels of the picture's shorter side: 480 is 854×480, or 480×854 of an upright picture.
  public var side: Int
  /// Bits per second that are not gone beyond, in thousands.
  public var kilobits: Int

  public init(side: Int, kilobits: Int) {
    self.side = side
    self.kilobits = kilobits
  }

  /// How many rungs there may be.
  public static let countMax = 5
  private static let sides = 96...2160
  private static let rates = 50...50_000

  /// Reads `720:2500,480:1200`: sides with their kilobits per second, each side once. Empty is no ladder; nil is no
  /// list of rungs.
  public static func ladder(_ text: String) -> [LadderRung]? {
    guard !text.isEmpty else { return [] }
    var rungs: [LadderRung] = []
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      let numbers = piece.split(separator: ":", omittingEmptySubsequences: false)
      guard numbers.count == 2, let side = Int(numbers[0]), let kilobits = Int(numbers[1]), sides.contains(side),
        rates.contains(kilobits), !rungs.contains(where: { $0.side == side })
      else { return nil }
      rungs.append(LadderRung(side: side, kilobits: kilobits))
    }
    guard rungs.count <= countMax else { return nil }
    return rungs.sorted { $0.side > $1.side }
  }
}
