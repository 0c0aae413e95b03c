import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// The JSON API: all its addresses.
enum API {
  static let endpoints =
    PeopleAPI.endpoints + AccountDataAPI.endpoints + ChannelAPI.endpoints + FollowAPI.endpoints + ProductAPI.endpoints
    + BundleAPI.endpoints
    + ImportAPI.endpoints
    + StockAPI.endpoints
    + ShowAPI.endpoints + RoomAPI.endpoints + ModerationAPI.endpoints + FlagAPI.endpoints + NotesAPI.endpoints
    + QuestionAPI.endpoints + AudienceAPI.endpoints
    + NumbersAPI.endpoints
    + RecordingAPI.endpoints + ClipAPI.endpoints + FeedAPI.endpoints
    + SimulcastAPI.endpoints
    + SRTAPI.endpoints
    + SpendLimitAPI.endpoints + SearchAPI.endpoints + DealAPI.endpoints + CouponAPI.endpoints + GiveawayAPI.endpoints
    + AuctionAPI.endpoints + PollAPI.endpoints + BannerAPI.endpoints
    + WaitlistAPI.endpoints + ReminderAPI.endpoints + ClaimAPI.endpoints + PreorderAPI.endpoints
    + OrderAPI.endpoints + ShipmentAPI.endpoints + PackingAPI.endpoints + CustomerAPI.endpoints + RatingAPI.endpoints
    + RequestAPI.endpoints + MailAPI.endpoints
    + PaymentAPI.endpoints + WalletAPI.endpoints
    + CommissionPlanAPI.endpoints + AffiliateAPI.endpoints + PartnerAPI.endpoints + AdmissionAPI.endpoints
    + WebhookAPI.endpoints
    + PayoutAPI.endpoints
    + LedgerAPI.endpoints + StatusAPI.endpoints + SwitchAPI.endpoints + BackupAPI.endpoints

  /// Makes the routes. What is not in `endpoints` does not exist.
  static func register(on router: some RouterMethods<WebContext>, _ site: Site) {
    for endpoint in endpoints {
      site.routes.add(endpoint.method, endpoint.path)
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        try await endpoint.answer(request, context, site)
      }
    }
    let document = Document(publicURL: site.configuration.publicURL)
    router.get("/api/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
        body: ResponseBody(byteBuffer: document.bytes))
    }
  }

  /// The OpenAPI document, made when it is first asked for: it takes longer than all else that is done at the start.
  private final class Document: Sendable {
    private let publicURL: String
    private let made = Mutex<ByteBuffer?>(nil)

    init(publicURL: String) { self.publicURL = publicURL }

    var bytes: ByteBuffer {
      made.withLock { made in
        if let made { return made }
        let document = ByteBuffer(string: OpenAPI.document(endpoints, publicURL: publicURL).description)
        made = document
        return document
      }
    }
  }
}
