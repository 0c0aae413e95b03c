internal import Foundation

/// What whoever is sent a link sees of what it leads to: a picture of 1200 × 630 with words beside it.
public struct LinkCard: Sendable, Hashable {
  public static let width = 1_200
  public static let height = 630

  /// What it is about.
  public var title: String
  /// Whose it is.
  public var name: String
  /// What it costs, or when it begins; empty for nothing.
  public var note: String
  /// `Live`, `Replay`; empty for nothing.
  public var badge: String
  /// On air: the badge is red.
  public var isLive: Bool
  /// Behind the words, `RRGGBB`.
  public var colour: String

  public init(title: String, name: String, note: String, badge: String, isLive: Bool, colour: String) {
    self.title = title
    self.name = name
    self.note = note
    self.badge = badge
    self.isLive = isLive
    self.colour = colour
  }
}

/// One link card by ffmpeg: the picture is its filters' work, the words and the awning are libass's, which shapes
/// Devanagari as it has to be.
public struct DrawCard: Sendable {
  public enum Fault: Error {
    /// ffmpeg's words.
    case failed(String)
    case tookTooLong
    /// No font of this machine has all the letters: better no words than boxes.
    case noLetters
  }

  private static let bytesMax = 1 << 20

  private let once: FFmpegOnce

  /// - Parameter ffmpeg: the program, found on the path.
  public init(ffmpeg: String) {
    once = FFmpegOnce(ffmpeg: ffmpeg, seconds: 10, mebibytes: 1_024, niceness: 10)
  }

  /// A JPEG.
  /// - Parameter picture: what it shows, and what kind of file that is; nil for words alone.
  public func draw(_ card: LinkCard, _ picture: (bytes: [UInt8], kind: DrawSizes.Kind)?) async throws -> [UInt8] {
    let directory = FileManager.default.temporaryDirectory.appending(path: "haat-card-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    if let picture { try Data(picture.bytes).write(to: directory.appending(path: "picture")) }
    try Data(CardText(card, isBeside: picture != nil).text.utf8).write(to: directory.appending(path: "words.ass"))
    let said: String
    do {
      said = try await once.run(Self.arguments(card, picture?.kind), in: directory)
    } catch FFmpegOnce.Fault.failed(let words) {
      throw Fault.failed(String(words.prefix(300)))
    } catch FFmpegOnce.Fault.tookTooLong {
      throw Fault.tookTooLong
    }
    guard !said.contains("broken font") else { throw Fault.noLetters }
    let drawn = try Data(contentsOf: directory.appending(path: "card.jpg"))
    guard drawn.starts(with: [0xff, 0xd8]), drawn.count <= Self.bytesMax else { throw Fault.failed("no JPEG came out") }
    return [UInt8](drawn)
  }

  private static func arguments(_ card: LinkCard, _ kind: DrawSizes.Kind?) -> [String] {
    let (width, height, side) = (LinkCard.width, LinkCard.height, CardText.pictureWidth)
    func covering(_ width: Int, _ height: Int) -> String {
      "scale=\(width):\(height):force_original_aspect_ratio=increase:flags=bicubic,crop=\(width):\(height),setsar=1"
    }
    let words = "ass=words.ass,scale=out_range=full,format=yuvj420p"
    let common = ["-hide_banner", "-nostdin", "-loglevel", "warning", "-y", "-threads", "1"]
    let output = ["-frames:v", "1", "-map_metadata", "-1", "-c:v", "mjpeg", "-q:v", "3", "-f", "image2"]
    let colour = "color=c=0x\(card.colour):s=\(width)x\(height):d=1"
    guard let kind else {
      return common + ["-f", "lavfi", "-i", colour, "-vf", words] + output + ["-update", "1", "card.jpg"]
    }
    // Behind the words is the picture again, as it would be seen through coloured glass.
    let filter = """
      [0:v]format=yuv420p,split[a][b];[a]\(covering(width / 8, height / 8)),gblur=sigma=5,scale=\(width):\(height),\
      drawbox=c=0x\(card.colour)@0.82:t=fill[ground];[b]\(covering(side, height))[front];[ground][front]overlay,\(words)
      """
    return common + ["-f", "\(kind.rawValue)_pipe", "-i", "picture", "-filter_complex_threads", "1"]
      + ["-filter_complex", filter] + output + ["-update", "1", "card.jpg"]
  }
}

/// The words of a card as an Advanced SubStation script. Pure.
struct CardText {
  /// Of the picture at the side.
  static let pictureWidth = 460
  private static let titleCharactersMax = 96
  private static let nameCharactersMax = 40
  private static let noteCharactersMax = 60

  let text: String

  /// - Parameter isBeside: there is a picture on the left.
  init(_ card: LinkCard, isBeside: Bool) {
    let left = isBeside ? Self.pictureWidth + 56 : 96
    let title = Self.cut(card.title, Self.titleCharactersMax)
    let size = title.count <= 28 ? 100 : title.count <= 56 ? 80 : 60
    var words = "{\\fs\(size)\\b1}\(Self.plain(title))"
    words += "\\N{\\fs14\\b0} \\N{\\fs42\\c&HD8E6F4&}\(Self.plain(Self.cut(card.name, Self.nameCharactersMax)))"
    if !card.note.isEmpty {
      words += "\\N{\\fs18} \\N{\\fs48\\b1\\c&H1FB3FF&}\(Self.plain(Self.cut(card.note, Self.noteCharactersMax)))"
    }
    let margins = "\(left),64,0"
    var lines = [
      "[Script Info]", "ScriptType: v4.00+", "PlayResX: \(LinkCard.width)", "PlayResY: \(LinkCard.height)",
      "WrapStyle: 0", "ScaledBorderAndShadow: yes", "", "[V4+ Styles]",
      "Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, BorderStyle, Outline, Shadow, "
        + "Alignment, MarginL, MarginR, MarginV, Encoding",
      "Style: Words,Noto Sans,48,&H00FFFFFF,&H00000000,&H00000000,0,1,0,0,4,0,0,0,1",
      "Style: Shape,Noto Sans,30,&H00FFFFFF,&H00000000,&H00000000,0,1,0,0,7,0,0,0,1", "", "[Events]",
      "Format: Layer, Start, End, Style, MarginL, MarginR, MarginV, Text",
    ]
    func add(_ layer: Int, _ style: String, _ margins: String, _ text: String) {
      lines.append("Dialogue: \(layer),0:00:00.00,0:00:10.00,\(style),\(margins),\(text)")
    }
    add(1, "Words", margins, words)
    for shape in Self.awning { add(2, "Shape", "0,0,0", shape) }
    if !card.badge.isEmpty {
      // Its own box around it, whatever it says.
      let colour = card.isLive ? "&H3A17D3&" : "&H302018&"
      let badge = Self.plain(Self.cut(card.badge, 20))
      add(3, "Badge", "0,0,0", "{\\an7\\pos(\(left),84)\\bord10\\3c\(colour)}\(badge)")
      lines.insert("Style: Badge,Noto Sans,30,&H00FFFFFF,&H00000000,&H00000000,1,3,10,0,7,0,0,0,1", at: 11)
    }
    add(3, "Words", "0,0,0", "{\\an3\\pos(\(LinkCard.width - 40),\(LinkCard.height - 30))\\fs40\\b1}haat")
    text = lines.joined(separator: "\n") + "\n"
  }

  /// The stall's: scallops of two colours along the upper edge.
  private static let awning: [String] = {
    let count = 20
    let width = LinkCard.width / count
    return (0..<count).map { index in
      let colour = index.isMultiple(of: 2) ? "&H3A17D3&" : "&H1FB3FF&"
      let (half, deep) = (width / 2, 20)
      // A rectangle with a half circle below it.
      let shape = "m 0 0 l \(width) 0 l \(width) \(deep) b \(width) \(deep + half) 0 \(deep + half) 0 \(deep)"
      return "{\\an7\\pos(\(index * width),0)\\bord0\\shad0\\c\(colour)\\p1}\(shape){\\p0}"
    }
  }()

  /// As much of it as there is room for.
  private static func cut(_ text: String, _ charactersMax: Int) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.count <= charactersMax ? words : words.prefix(charactersMax - 1) + "…"
  }

  /// Without what is a command to whoever draws it: nothing that a person wrote may begin one.
  private static func plain(_ text: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": plain.append("\u{29F5}")
      case "{": plain.append("(")
      case "}": plain.append(")")
      default:
        // Pictures among the letters are left out: not every machine has them, and letters are what is needed.
        let isPicture = scalar.properties.isEmojiPresentation || (0xFE00...0xFE0F).contains(scalar.value)
        if !isPicture, scalar.properties.generalCategory != .control { plain.append(scalar) }
      }
    }
    return String(plain)
  }
}
