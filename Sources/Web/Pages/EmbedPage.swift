import Commerce
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// `/embed/{show}` and `/embed/clips/{clip}`: the page of a show, or of a clip, as a frame in another site's page
/// (docs/embed.md).
///
/// Whoever looks is a guest, also with a cookie: what is done in somebody else's page is done in nobody's name. It sets
/// no cookie.
enum EmbedPage {
  static func show(_ visit: Visit) async throws -> Response {
    try await frame(visit, { "/watch/\(try visit.id("show", Show.self))" }, WatchPage.page)
  }

  static func clip(_ visit: Visit) async throws -> Response {
    try await frame(visit, { "/clips/\(try visit.id("clip", Clip.self))" }, ClipPage.page)
  }

  private static func frame(
    _ visit: Visit, _ path: () throws -> String, _ page: (Visit, EmbedView?) async throws -> Response
  ) async throws -> Response {
    let guest = try visit.asGuest
    do {
      let path = try path()
      let terms = try await visit.commerce.embedTerms(partner: visit.query("partner"))
      let pageURL = terms.via.isEmpty ? path : "\(path)?via=\(terms.via)"
      // Opened by itself it is the page that it shows.
      if visit.isOpenedByItself { return visit.redirect(pageURL) }
      if let holder = visit.holder, !terms.sites.allow(holder) {
        return try EmbedRefusedPage.answer(guest, .site, pageURL: pageURL)
      }
      if visit.holder != nil, terms.named == .active { await visit.site.framesSeen.note(terms.via, visit.commerce) }
      var response = try await page(guest, EmbedView(terms, pageURL: pageURL, look: EmbedLook(visit)))
      response.headers[values: .setCookie] = []
      return response
    } catch let refusal as SwitchedOff {
      return try EmbedRefusedPage.answer(guest, .off, pageURL: try? path(), said: refusal.notice)
    } catch {
      guard let problem = Problem(error), problem.status < 500 else { throw error }
      return try EmbedRefusedPage.answer(guest, EmbedRefusedPage.Why(rawValue: problem.code) ?? .notFound)
    }
  }
}

/// Which partners' frames pages of other sites hold: written down once, the first time.
actor FramesSeen {
  /// Of this process; a partner is in it once.
  private var known: Set<String> = []
  private static let countMax = 100_000

  func note(_ via: String, _ commerce: Commerce) async {
    guard known.count < Self.countMax, known.insert(via).inserted else { return }
    // It is asked for again with the next frame.
    do { try await commerce.frameSeen(via: via) } catch { known.remove(via) }
  }
}

/// What the page of a show needs as a frame: `watch.mustache` and `clip.mustache`.
struct EmbedView: Sendable {
  /// Whose pages may hold it.
  let sites: EmbedSites
  /// The same as a page of its own.
  let pageURL: String
  let theme: String?
  /// The style sheet of the page's own colour.
  let accentURL: String?
  let isPaused: Bool
  /// JSON for `embed-frame.js`.
  let data: String

  private struct FrameData: Encodable {
    /// Left out for anybody.
    let sites: [String]?
    let via: String
    /// Why a partner that was named earns nothing; left out where it does.
    let warning: String?
    let isPaused: Bool
    let isMuted: Bool
  }

  init(_ terms: EmbedTerms, pageURL: String, look: EmbedLook) throws {
    sites = terms.sites
    self.pageURL = pageURL
    theme = look.theme
    accentURL = look.accentURL
    isPaused = look.isPaused
    let warning: String? =
      switch terms.named {
      case .nobody, .active: nil
      case .inactive: "partner_inactive"
      case .unknown: "partner_unknown"
      }
    data = try DataBlock.text(
      FrameData(
        sites: terms.sites.origins, via: terms.via, warning: warning, isPaused: look.isPaused, isMuted: look.isMuted))
  }
}

/// How a frame looks and begins, as its address says. What says something else says nothing.
struct EmbedLook: Sendable, Equatable {
  static let themes = ["light", "dark"]

  /// `light` or `dark`; nil for the reader's own.
  private(set) var theme: String?
  /// Six hexadecimal digits in small letters; nil for the house's own.
  private(set) var accent: String?
  private(set) var isMuted = false
  private(set) var isPaused = false

  init(_ visit: Visit) throws {
    theme = try visit.query("theme").flatMap { Self.themes.contains($0) ? $0 : nil }
    accent = try visit.query("accent").flatMap(Self.readAccent)
    isMuted = try visit.query("muted") == "1"
    isPaused = try visit.query("autoplay") == "0"
  }

  /// `#b3261e`, `b3261e` or `#b21`.
  static func readAccent(_ text: String) -> String? {
    let digits = (text.hasPrefix("#") ? text.dropFirst() : text[...]).lowercased()
    guard digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    switch digits.utf8.count {
    case 6: return digits
    case 3: return String(digits.flatMap { [$0, $0] })
    default: return nil
    }
  }

  var accentURL: String? { accent.map { "/embed/accents/\($0).css" } }

  /// `/embed/accents/{file}`: the colour of what buys, and of the words upon it.
  static func sheet(_ visit: Visit) async throws -> Response {
    let file = try visit.parameter("file")
    guard file.hasSuffix(".css"), let accent = readAccent(String(file.dropLast(4))), "\(accent).css" == file,
      let css = css(accent)
    else { throw Problem.notFound("file") }
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/css; charset=utf-8", .cacheControl: "public, max-age=31536000, immutable",
      ], body: ResponseBody(byteBuffer: ByteBuffer(string: css)))
  }

  /// Black or white words, whichever are easier to read on it: one of them always has a contrast of 4.5 (WCAG 2.2,
  /// 1.4.3), and pointed at, the colour moves away from them.
  private static func css(_ accent: String) -> String? {
    guard let number = Int(accent, radix: 16) else { return nil }
    let parts = [number >> 16, number >> 8 & 255, number & 255].map { Double($0) / 255 }
    let light = zip([0.2126, 0.7152, 0.0722], parts).reduce(0) { sum, part in
      sum + part.0 * (part.1 <= 0.04045 ? part.1 / 12.92 : pow((part.1 + 0.055) / 1.055, 2.4))
    }
    let isDark = 1.05 / (light + 0.05) > (light + 0.05) / 0.05
    let (words, other) = isDark ? ("#fff", "#000") : ("#000", "#fff")
    return """
      :root { --marigold: #\(accent); --marigold-deep: color-mix(in srgb, #\(accent) 84%, \(other)); \
      --on-marigold: \(words); }

      """
  }
}

/// What a frame shows instead of a show, to readers and to whoever made the page around it.
struct EmbedRefusedPage: Sendable {
  enum Why: String, CaseIterable {
    /// The page around it is of a site that may not.
    case site = "site_refused"
    case secretKey = "secret_key"
    case notFound = "not_found"
    /// An operator has turned frames off.
    case off = "embed_off"

    var status: HTTPResponse.Status {
      switch self {
      case .site: .forbidden
      case .secretKey: .badRequest
      case .notFound: .notFound
      case .off: .conflict
      }
    }
  }

  let code: String
  let headline: String
  let explanation: String
  let actionURL: String
  let actionText: String

  static func show(_ visit: Visit) async throws -> Response {
    try answer(visit.asGuest, Why(rawValue: visit.parameter("why")) ?? .notFound)
  }

  /// - Parameter said: what an operator tells people; empty for the house's own words.
  static func answer(_ visit: Visit, _ why: Why, pageURL: String? = nil, said: String = "") throws -> Response {
    let words = visit.words
    let model = EmbedRefusedPage(
      code: why.rawValue, headline: words["embed.headline_\(why.rawValue)"],
      explanation: said.isEmpty ? words["embed.text_\(why.rawValue)"] : said, actionURL: pageURL ?? "/",
      actionText: words[pageURL == nil ? "errors.home" : "embed.open"])
    var response = try visit.page("embed-refused", title: model.headline, status: why.status, model)
      .framed(by: .anyone)
    response.headers[values: .setCookie] = []
    return response
  }
}

/// What the bank's frame of a checkout leads to, in place of the order's page: the checkout sees that it has come here.
struct BackFromBank: Sendable {
  static func answer(_ visit: Visit) throws -> Response {
    try visit.asGuest.page("back-from-bank", title: visit.words["bank.name"], BackFromBank()).framed(by: .anyone)
  }
}

extension Response {
  /// The same, which these may hold in a frame.
  func framed(by sites: EmbedSites) -> Response {
    var policy = ContentPolicy()
    policy.sites = sites
    var response = self
    response.headers[.contentSecurityPolicy] = policy.text
    return response
  }
}

extension Visit {
  /// The same of nobody in particular.
  var asGuest: Visit {
    get throws {
      var context = context
      (context.caller, context.account) = (.nobody, nil)
      return try Visit(request, context, site)
    }
  }

  /// Whether a browser asks for it to show it in a frame; false where it does not say.
  var isInFrame: Bool { ["iframe", "frame"].contains(request.headers[.secFetchDest]) }

  /// Whether it is what the reader went to.
  fileprivate var isOpenedByItself: Bool { request.headers[.secFetchDest] == "document" }

  /// The page around a frame, as far as the browser tells; nil for our own.
  fileprivate var holder: String? {
    guard let address = request.headers[.referer] else { return nil }
    let own =
      [site.configuration.publicURL]
      + ["http", "https"].compactMap { scheme in
        request.head.authority.map { "\(scheme)://\($0)" }
      }
    return own.contains { address == $0 || address.hasPrefix("\($0)/") } ? nil : address
  }
}
