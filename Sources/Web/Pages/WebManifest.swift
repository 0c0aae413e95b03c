import HTTPTypes
import Hummingbird
import NIOCore

/// `/manifest.webmanifest`: what this site is called, and looks like, once somebody has put it among their apps.
/// https://www.w3.org/TR/appmanifest/
struct WebManifest: Encodable {
  struct Icon: Encodable {
    let src, sizes: String
    let type = "image/png"
    let purpose: String

    enum CodingKeys: String, CodingKey { case src, sizes, type, purpose }
  }

  struct Shortcut: Encodable {
    let name, url: String
  }

  /// What it is known by, whatever its language and its first page are one day.
  let id = "/"
  let startURL = "/"
  let scope = "/"
  let display = "standalone"
  let orientation = "any"
  /// Of `css/base.css`, in the light.
  let backgroundColor = "#faf5ec"
  let themeColor = "#faf5ec"
  let categories = ["shopping", "entertainment"]
  let name, shortName, description, lang, dir: String
  let icons: [Icon]
  let shortcuts: [Shortcut]

  enum CodingKeys: String, CodingKey {
    case id, startURL = "start_url", scope, display, orientation, backgroundColor = "background_color",
      themeColor = "theme_color", categories, name, shortName = "short_name", description, lang, dir, icons, shortcuts
  }

  init(_ words: Words, _ statics: StaticFiles) {
    name = "\(words["site.name"]) · \(words["site.tagline"])"
    shortName = words["site.name"]
    description = words["home.lead"]
    lang = words.language
    dir = "ltr"
    icons = [
      Icon(src: statics.url("icons/icon-192.png"), sizes: "192x192", purpose: "any"),
      Icon(src: statics.url("icons/icon-512.png"), sizes: "512x512", purpose: "any"),
      // A phone cuts it to the shape that its other apps have.
      Icon(src: statics.url("icons/maskable-192.png"), sizes: "192x192", purpose: "maskable"),
      Icon(src: statics.url("icons/maskable-512.png"), sizes: "512x512", purpose: "maskable"),
    ]
    shortcuts = [
      Shortcut(name: words["swipe.title"], url: "/swipe"),
      Shortcut(name: words["search.title"], url: "/search"),
      Shortcut(name: words["site.orders"], url: "/orders"),
      Shortcut(name: words["site.studio"], url: "/studio"),
    ]
  }

  static func show(_ visit: Visit) async throws -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: MediaTypes.type(of: "manifest.webmanifest"), .cacheControl: "public, max-age=3600",
        .contentLanguage: visit.words.language,
      ],
      body: ResponseBody(
        byteBuffer: ByteBuffer(string: try DataBlock.text(WebManifest(visit.words, visit.site.statics)))))
  }
}

/// `/offline`: what the service worker keeps, and shows in place of a page while there is no way to this site. It says
/// nothing of who looks.
struct OfflinePage: Sendable {
  static func show(_ visit: Visit) async throws -> Response {
    var response = try visit.page("offline", title: visit.words["offline.title"], OfflinePage())
    response.headers[.cacheControl] = "public, max-age=3600"
    return response
  }
}
