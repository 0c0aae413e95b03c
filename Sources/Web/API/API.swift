import HTTPTypes
import Hummingbird
import NIOCore

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
    let document = ByteBuffer(
      string: OpenAPI.document(endpoints, publicURL: site.configuration.publicURL).description)
    router.get("/api/openapi.json") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
        body: ResponseBody(byteBuffer: document))
    }
  }
}
