import Commerce
import Hummingbird

/// `/studio/shows/{show}/clips`: where a host cuts clips out of a show, and sees what they sell.
struct ClipsPage: Sendable {
  struct View: Sendable {
    let id: String
    let title: String
    let placeText: String
    let stateText: String
    let stateTone: String
    let isReady: Bool
    let url: String
    let posterURL: String
    let videoURL: String
    /// Nil while it has sold nothing.
    let soldText: String?
  }

  /// A product that came on screen: a clip of it is one tap.
  struct PinView: Sendable {
    let product: String
    let title: String
    let timeText: String
  }

  struct Choice: Sendable {
    let value: String
    let text: String
    let isChosen: Bool
  }

  let title: String
  let roomURL: String
  let formURL: String
  let canMake: Bool
  /// Why none can be made; nil when they can.
  let notice: String?
  let lengthText: String
  let pins: [PinView]
  let hasPins: Bool
  let products: [Choice]
  let from: String
  let seconds: [Choice]
  let clipTitle: String
  let clips: [View]
  let hasClips: Bool
  let error: String?

  private static let lengths: [Int64] = [10, 15, 20, 30, 45, 60]
  private static let usualSeconds: Int64 = 15
  /// As many are offered to be cut with one tap.
  private static let pinsMax = 30

  static func show(_ visit: Visit) async throws -> Response { try await page(visit, nil, nil) }

  static func act(_ visit: Visit) async throws -> Response {
    let show = try visit.id("show", Show.self)
    let form = try await visit.form()
    do {
      switch form["do"] {
      case "remove":
        guard let clip = ID<Clip>(form["clip"]) else { throw Problem.notFound("clip") }
        // Only what is on this page.
        guard try await visit.commerce.clip(clip, by: visit.caller).show == show else { throw Problem.notFound("clip") }
        _ = try await visit.site.removeClip(clip, by: visit.caller)
        return visit.redirect("/studio/shows/\(show)/clips")
      case "make":
        let clip = try await visit.site.makeClip(
          visit.commerce.makeID(), of: show, by: visit.caller, draft(form, of: show, visit))
        return visit.redirect("/studio/shows/\(show)/clips?made=\(clip.id)")
      default:
        throw Problem.malformed("The form does not say what to do.", field: "do")
      }
    } catch {
      return try await page(visit, form, visit.complaint(error))
    }
  }

  /// Times on the page are those of the recording, whose first picture is at 0:00.
  private static func draft(_ form: Form, of show: ID<Show>, _ visit: Visit) async throws -> ClipDraft {
    guard let recording = try await visit.commerce.recording(show, by: visit.caller) else {
      throw RecordingRefusal.none
    }
    guard let product = ID<Product>(form["product"]) else { throw ClipRefusal.notInRun }
    guard let place = milliseconds(form["from"]) else {
      throw GeneralRefusal.invalid(field: "from", why: "must be a time such as 1:25")
    }
    let seconds = min(max(Int64(form["seconds"]) ?? usualSeconds, 0), 3_600)
    let from = recording.startMediaTime + place
    // What is offered beside each product may reach over the end; who writes a time is told.
    let until = form["isPin"] == "on" ? min(from + seconds * 1000, recording.endMediaTime) : from + seconds * 1000
    return ClipDraft(product: product, fromMediaTime: from, untilMediaTime: until, title: form["title"])
  }

  /// `75`, `1:15`, `0:01:15`, in milliseconds; nil for anything else.
  static func milliseconds(_ text: String) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count) else { return nil }
    var seconds: Int64 = 0
    for (place, part) in parts.enumerated() {
      let digits = part.filter { $0 != " " }
      guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int64(digits), place == 0 || number < 60
      else { return nil }
      seconds = seconds * 60 + number
    }
    return seconds * 1000
  }

  private static func page(_ visit: Visit, _ form: Form?, _ complaint: Visit.Complaint?) async throws -> Response {
    _ = try visit.requireAccount()
    let id = try visit.id("show", Show.self)
    let commerce = visit.commerce
    let show = try await commerce.show(id, by: visit.caller)
    guard let role = try await visit.role(in: show.channel) else { throw GeneralRefusal.notFound("show") }
    let words = visit.words
    let recording = try await commerce.recording(id, by: visit.caller)
    let isReady = recording?.state == .ready
    let start = recording?.startMediaTime ?? 0
    let pins = isReady && role.isHost ? try await commerce.pins(of: id, by: visit.caller) : []
    let cards = try await commerce.cards(
      show: id, market: show.markets.first ?? "", by: visit.caller)
    let clips = try await commerce.clips(ofShow: id, by: visit.caller)
    let sales = try await commerce.clipSales(of: id, by: visit.caller)
    let asked = form.flatMap { Int64($0["seconds"]) } ?? usualSeconds
    let model = ClipsPage(
      title: show.title, roomURL: "/studio/shows/\(id)", formURL: "/studio/shows/\(id)/clips",
      canMake: isReady && role.isHost && !cards.isEmpty && commerce.switches.isOn(.clips),
      notice: isReady
        ? (cards.isEmpty ? words["clips.noProducts"] : visit.off["clips"])
        : words[recording == nil || recording?.state == .recording ? "clips.notYet" : "clips.noRecording"],
      lengthText: Figures.clock((recording?.endMediaTime ?? 0) - start),
      pins: pins.prefix(pinsMax).filter { $0.mediaTime >= start }.map { pin in
        PinView(
          product: pin.product.description, title: pin.title, timeText: Figures.clock(pin.mediaTime - start))
      },
      hasPins: !pins.isEmpty,
      products: cards.map { card in
        Choice(value: card.id.description, text: card.title, isChosen: card.id.description == form?["product"])
      },
      from: form?["from"] ?? "",
      seconds: lengths.map { length in
        Choice(value: String(length), text: words.plural("clips.seconds", length), isChosen: length == asked)
      },
      clipTitle: form?["title"] ?? "",
      clips: clips.map { clip in
        View(
          id: clip.id.description, title: clip.title,
          placeText: "\(Figures.clock(clip.fromMediaTime - start))–\(Figures.clock(clip.untilMediaTime - start))",
          stateText: words["clips.\(clip.state.rawValue)"],
          stateTone: clip.state == .ready ? "good" : clip.state == .failed ? "bad" : "",
          isReady: clip.state == .ready, url: "/clips/\(clip.id)", posterURL: "/clips/\(clip.id)/poster.jpg",
          videoURL: "/clips/\(clip.id)/video.mp4",
          soldText: sales[clip.id].map { sold in
            words.plural("clips.sold", sold.orders, ["total": sold.totals.map(words.money).joined(separator: " + ")])
          })
      },
      hasClips: !clips.isEmpty, error: complaint?.sentence)
    var response = try visit.page(
      "studio/clips", title: "\(words["clips.title"]) · \(show.title)", status: complaint?.status ?? .ok, model)
    // Whoever has just asked for one sees it come.
    if let made = try visit.query("made"), clips.contains(where: { $0.id.description == made && $0.state == .making }) {
      response.headers[.refresh] = "2"
    }
    return response
  }
}
