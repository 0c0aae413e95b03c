import HTTPTypes
import Hummingbird

/// The HTML pages. Each is a file: what its template shows, and the handlers that fill it.
enum Pages {
  /// Adds every page to the router.
  static func register(on router: some RouterMethods<WebContext>, _ site: Site) {
    func page(
      _ method: HTTPRequest.Method, _ path: String, _ handler: @escaping @Sendable (Visit) async throws -> Response
    ) {
      site.routes.add(method, path)
      router.on(RouterPath(path), method: method) { request, context in
        try await handler(Visit(request, context, site))
      }
    }
    page(.get, "/", HomePage.show)
    page(.get, "/@{handle}", ChannelPage.show)
    page(.post, "/@{handle}", ChannelPage.act)
    page(.get, "/@{handle}/feed.xml", MerchantFeed.show)
    page(.get, "/search", SearchPage.show)
    page(.get, "/account", AccountPage.show)
    page(.post, "/account", AccountPage.act)
    page(.get, "/account/wallet", WalletPage.show)
    page(.post, "/account/wallet", WalletPage.act)
    page(.get, "/products/{product}", ShopPage.show)
    page(.post, "/products/{product}", ShopPage.tell)
    page(.get, "/waitlist/{wish}", WaitlistPage.show)
    page(.post, "/waitlist/{wish}", WaitlistPage.act)
    page(.get, "/giveaways/{giveaway}", GiveawayPage.show)
    page(.post, "/giveaways/{giveaway}", GiveawayPage.act)
    page(.get, "/words/{group}", GiveawayPage.words)
    page(.get, "/clips", ClipFeedPage.show)
    page(.get, "/clips/{clip}", ClipPage.show)
    page(.get, "/clips/{clip}/video.mp4", ClipDelivery.video)
    page(.get, "/clips/{clip}/poster.jpg", ClipDelivery.poster)
    page(.get, "/watch/{show}", WatchPage.show)
    page(.post, "/watch/{show}", WatchPage.say)

    page(.get, "/sign-in", SignInPage.show)
    page(.post, "/sign-in", SignInPage.signIn)
    page(.post, "/sign-out", SignInPage.signOut)
    page(.get, "/sign-up", SignUpPage.show)
    page(.post, "/sign-up", SignUpPage.signUp)
    page(.get, "/invitations/{token}", InvitationsPage.open)
    page(.get, "/setup", SetupPage.show)
    page(.post, "/setup", SetupPage.make)

    page(.get, "/orders", OrdersPage.show)
    page(.get, "/orders/{order}", OrderPage.show)
    page(.post, "/orders/{order}", OrderPage.act)

    if site.sandbox != nil {
      page(.get, "/sandbox/authentications/{payment}", AuthenticationPage.show)
      page(.post, "/sandbox/authentications/{payment}", AuthenticationPage.answer)
    }

    page(.get, "/partner", PartnerChoicePage.show)
    page(.get, "/partner/{via}", PartnerPage.show)
    page(.get, "/partner/{via}/access", PartnerAccessPage.show)
    page(.post, "/partner/{via}/access", PartnerAccessPage.act)
    page(.get, "/partner/{via}/money", MoneyPage.showPartner)
    page(.post, "/partner/{via}/money", MoneyPage.actPartner)
    page(.get, "/partner/{via}/money/{month}", StatementPage.showPartner)
    page(.get, "/partner/{via}/money/{month}/file", StatementPage.filePartner)

    page(.get, "/studio", StudioPage.show)
    page(.post, "/studio", StudioPage.makeChannel)
    page(.get, "/studio/{handle}", ChannelStudioPage.show)
    page(.post, "/studio/{handle}", ChannelStudioPage.act)
    page(.get, "/studio/{handle}/products/new", ProductPage.new)
    page(.post, "/studio/{handle}/products/new", ProductPage.make)
    page(.get, "/studio/{handle}/products/{product}", ProductPage.show)
    page(.post, "/studio/{handle}/products/{product}", ProductPage.change)
    page(.get, "/studio/{handle}/bundles/new", BundlePage.show)
    page(.post, "/studio/{handle}/bundles/new", BundlePage.make)
    page(.get, "/studio/{handle}/preorders", PreordersPage.show)
    page(.post, "/studio/{handle}/preorders", PreordersPage.open)
    page(.get, "/studio/{handle}/preorders/{preorder}", PreorderPage.show)
    page(.post, "/studio/{handle}/preorders/{preorder}", PreorderPage.act)
    page(.get, "/studio/{handle}/imports/{import}", ImportPage.show)
    page(.post, "/studio/{handle}/imports/{import}", ImportPage.act)
    page(.get, "/studio/{handle}/stock/{variant}", StockPage.show)
    page(.post, "/studio/{handle}/stock/{variant}", StockPage.act)
    page(.get, "/studio/{handle}/money", MoneyPage.show)
    page(.post, "/studio/{handle}/money", MoneyPage.act)
    page(.get, "/studio/{handle}/money/{month}", StatementPage.show)
    page(.get, "/studio/{handle}/money/{month}/file", StatementPage.file)
    page(.get, "/studio/{handle}/admission", StandingPage.show)
    page(.post, "/studio/{handle}/admission", StandingPage.act)
    page(.get, "/studio/{handle}/affiliates", AffiliatesPage.show)
    page(.post, "/studio/{handle}/affiliates", AffiliatesPage.act)
    page(.get, "/studio/{handle}/coupons", CouponsPage.show)
    page(.post, "/studio/{handle}/coupons", CouponsPage.act)
    page(.get, "/studio/{handle}/mails", MailsPage.show)
    page(.get, "/studio/{handle}/mails/{mail}", MailPage.show)
    page(.post, "/studio/{handle}/mails/{mail}", MailPage.act)
    page(.get, "/studio/{handle}/mails/{mail}/html", MailPage.html)
    page(.get, "/studio/{handle}/shows/new", ShowFormPage.show)
    page(.post, "/studio/{handle}/shows/new", ShowFormPage.make)
    page(.get, "/studio/shows/{show}", ControlRoomPage.show)
    page(.post, "/studio/shows/{show}", ControlRoomPage.act)
    page(.get, "/studio/shows/{show}/sales", ControlRoomPage.sales)
    page(.get, "/studio/shows/{show}/sources", SourcesPage.show)
    page(.get, "/studio/shows/{show}/camera", CameraPage.show)
    page(.get, "/studio/shows/{show}/clips", ClipsPage.show)
    page(.post, "/studio/shows/{show}/clips", ClipsPage.act)

    page(.get, "/operator", OperatorPage.show)
    page(.post, "/operator", OperatorPage.putMarket)
    page(.post, "/operator/channels", OperatorChannelView.put)
    page(.get, "/operator/channels/{handle}", StandingPage.showOperator)
    page(.post, "/operator/channels/{handle}", StandingPage.actOperator)
    page(.get, "/operator/admission", ReviewsPage.show)
    page(.post, "/operator/admission", ReviewsPage.putTiers)
    page(.get, "/operator/admission/{review}", ReviewPage.show)
    page(.post, "/operator/admission/{review}", ReviewPage.decide)
    page(.get, "/operator/invitations", InvitationsPage.show)
    page(.post, "/operator/invitations", InvitationsPage.act)
    page(.get, "/operator/returns", OperatorReturnsPage.show)
    page(.post, "/operator/returns", OperatorReturnsPage.act)
    page(.get, "/operator/payouts", PayoutsPage.show)
    page(.post, "/operator/payouts", PayoutsPage.act)
    page(.get, "/operator/payouts/{file}", PayoutsPage.file)
    page(.get, "/operator/books", BooksPage.show)
    page(.get, "/operator/books/{month}/journal", BooksPage.journal)
    page(.get, "/operator/plans", PlansPage.show)
    page(.post, "/operator/plans", PlansPage.act)
    page(.get, "/operator/partners", PartnersPage.show)
    page(.post, "/operator/partners", PartnersPage.make)
    page(.get, "/operator/partners/{partner}", OperatorPartnerPage.show)
    page(.post, "/operator/partners/{partner}", OperatorPartnerPage.act)
    page(.get, "/operator/coupons", CouponsPage.showPlatform)
    page(.post, "/operator/coupons", CouponsPage.actPlatform)
    page(.get, "/operator/mails", MailsPage.showAll)
    page(.get, "/operator/mails/{mail}", MailPage.show)
    page(.post, "/operator/mails/{mail}", MailPage.act)
    page(.get, "/operator/mails/{mail}/html", MailPage.html)
  }

  /// A refusal or a fault as a page; as a plain problem when even that page cannot be made.
  static func answer(_ problem: Problem, _ request: Request, _ context: WebContext, _ site: Site) async -> Response {
    // Failures come from before `Visitor` too, so what it learns may be missing.
    var context = context
    context.language = Language.of(request)
    let page = try? ErrorPage.answer(problem, Visit(request, context, site))
    return page ?? problem.response()
  }
}
