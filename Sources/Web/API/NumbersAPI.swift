import Commerce
import HTTPTypes
import Hummingbird

/// A show's numbers: what viewers do with its products, and the report of it all.
enum NumbersAPI {
  struct NewInterest: Codable, Described {
    let kind: Interest.Kind
    let product: ID<Product>
    let clip: ID<Clip>?
    let site: String?

    static let fields = [
      "kind": "`tap`: its card was opened. `bag`: it was put into the bag.",
      "product": "One of the show's run, or of one of its clips. Another is not counted.",
      "clip": "The clip whose page it happened on.",
      "site": "The origin of the page whose frame it happened in.",
    ]
  }

  struct InterestAnswer: Codable, Described {
    let counted: Bool

    static let fields = [
      "counted":
        "False for the same thing again within 30 to 60 seconds, for what is too much of one address, and for a product that is none of the show's."
    ]
  }

  static let endpoints: [Endpoint] = [interested, report, file]

  /// Costs no look at the database where the show's room is open. Nothing is kept of who it was.
  private static var interested: Endpoint {
    var endpoint = Endpoint(
      .post, "/api/v1/shows/{show}/interest",
      "Says that a viewer looked at a product of a show, or put it into the bag. Sums of it are kept, and nothing of who it was.",
      gives: InterestAnswer.self
    ) { call in
      let show: ID<Show> = try call.id("show")
      let said = try call.decode(NewInterest.self)
      let followed = said.site == nil ? call.request.cookies[ViaCookie.name]?.value : nil
      let source = OrderSource(via: followed, site: said.site, clip: said.clip)
      let browser: ID<Viewer> = call.commerce.makeID()
      let counted = try await call.site.note(
        said.kind, in: said.product, of: show, from: source, viewer: call.viewer, newViewer: "browser \(browser)",
        address: call.address, by: call.caller)
      var response = try Endpoint.json(InterestAnswer(counted: counted))
      if call.viewer == nil {
        response.headers.append(ViewerCookie.setting(browser, isSecure: call.site.configuration.secureCookies))
      }
      return response
    }
    endpoint.body = .json(NewInterest.self)
    // It is left out instead.
    endpoint.limit = nil
    endpoint.isBrief = true
    return endpoint.repeated(.ignored).by(.visitor)
  }

  private static var report: Endpoint {
    Endpoint(
      .get, "/api/v1/shows/{show}/report",
      "Gives a show's numbers, live or of all of it; to the channel's owners, hosts and fulfilment members.",
      gives: ShowNumbers.self
    ) { call in
      ShowNumbers(try await call.site.reports.report(of: call.id("show"), by: call.caller))
    }.by(.account)
  }

  private static var file: Endpoint {
    var endpoint = Endpoint(
      .get, "/api/v1/shows/{show}/report/file",
      "Gives a show's numbers as a table (CSV); to those who may read its report."
    ) { call in
      let name = try call.query("part") ?? ShowReport.File.minutes.rawValue
      guard let part = ShowReport.File(rawValue: name) else {
        throw Problem.malformed("“part” must be minutes or totals.", field: "part")
      }
      return response(try await call.site.reports.report(of: call.id("show"), by: call.caller), part)
    }
    endpoint.answer = .text("text/csv")
    return endpoint.by(.account).query(
      "part", "`minutes`: by minute, product and currency (the standard). `totals`: in all, by product and by source.")
  }

  static func response(_ report: ShowReport, _ part: ShowReport.File) -> Response {
    let day = (report.show.startedAt ?? report.show.scheduledAt).plainDay
    return PayoutAPI.csv(report.file(part), named: "\(report.show.channelHandle)-show-\(day)-\(part.rawValue)")
  }
}

extension NumbersAPI {
  struct NumbersSum: Codable, Described {
    let currency: Currency
    let grossMinor: Int64
    let cancelledMinor: Int64
    let refundedMinor: Int64
    let netMinor: Int64

    static let fields = [
      "grossMinor": "What was paid, in minor units.",
      "cancelledMinor": "What of it went back, or is on its way, for units that were cancelled before they were sent.",
      "refundedMinor": "What of it went back, or is on its way, for any other reason.",
      "netMinor": "What is left.",
    ]

    init(_ takings: ShowReport.Takings) {
      (currency, grossMinor) = (takings.currency, takings.grossMinor)
      (cancelledMinor, refundedMinor) = (takings.cancelledMinor, takings.refundedMinor)
      netMinor = takings.net.minor
    }
  }

  struct NumbersOfProduct: Codable, Described {
    let product: ID<Product>
    let title: String
    let taps: Int64
    let bagAdds: Int64
    let orders: Int64
    let units: Int64
    let sales: [NumbersSum]

    static let fields = [
      "orders": "Paid orders that it is in.", "units": "Of it in them.", "sales": "What was paid for it, by currency.",
    ]
  }

  struct NumbersOfSource: Codable, Described {
    let source: ShowWay
    let taps: Int64
    let bagAdds: Int64
    let orders: Int64
    let sales: [NumbersSum]

    static let fields = [
      "source":
        "The first that is true: `clip` (a clip's page), `embed` (a frame in another site), `partner` (a partner's link was followed), `replay` (after the show's end), else `page`."
    ]
  }

  struct NumbersStepProduct: Codable {
    let product: ID<Product>
    let taps: Int64
    let bagAdds: Int64
    let orders: Int64
    let units: Int64
    let sales: [Money]
  }

  struct NumbersStep: Codable, Described {
    let minute: Int64?
    let viewers: Int64
    let messages: Int64
    let taps: Int64
    let bagAdds: Int64
    let orders: Int64
    let sales: [Money]
    let products: [NumbersStepProduct]

    static let fields = [
      "minute": "Whole minutes since the show's start; left out for all that was before and after it.",
      "viewers": "The most at once.", "sales": "All that was paid, with shipping.",
    ]
  }

  struct NumbersMark: Codable, Described {
    let kind: ShowReport.Mark.Kind
    let fromSeconds: Int64
    let untilSeconds: Int64?
    let product: ID<Product>?
    let title: String

    static let fields = [
      "fromSeconds": "Since the show's start.", "untilSeconds": "Left out while it goes on.",
    ]
  }

  struct ShowNumbers: Codable, Described {
    let show: ID<Show>
    let title: String
    let state: ShowState
    let startedAt: Moment?
    let endedAt: Moment?
    let madeAt: Moment
    let viewers: Int64
    let peak: Int64
    let watchedSeconds: Int64
    let messages: Int64
    let taps: Int64
    let bagAdds: Int64
    let orders: Int64
    let ordersWaiting: Int64
    let ordersLapsed: Int64
    let buyers: Int64
    let buyersOnAir: Int64
    let conversionBasisPoints: Int64?
    let sales: [NumbersSum]
    let shipping: [NumbersSum]
    let products: [NumbersOfProduct]
    let sources: [NumbersOfSource]
    let stepMinutes: Int64
    let steps: [NumbersStep]
    let marks: [NumbersMark]

    static let fields = [
      "viewers": "How many different people watched while it was on air; of more than 2,048, to about 1 %.",
      "peak": "The most at once.",
      "watchedSeconds": "The time that all viewers watched, added up.",
      "messages": "Of the chat, without those that were removed.",
      "taps": "How often cards of products were opened.",
      "orders": "Paid, whatever became of them; the balance of a preorder is none of its own.",
      "ordersLapsed": "That ended without being paid.",
      "buyers": "Accounts, and guests by the details they gave.",
      "conversionBasisPoints": "`buyersOnAir` of `viewers`, in hundredths of a percent; left out where nobody watched.",
      "sales": "What its orders come to, by currency, with shipping and tax.",
      "shipping": "What of that was for shipping.",
      "stepMinutes": "How many minutes a step has: 1, and more for a show of more than a day.",
      "marks": "What was on screen, and when.",
    ]

    init(_ report: ShowReport) {
      show = report.show.id
      title = report.show.title
      state = report.show.state
      startedAt = report.show.startedAt
      endedAt = report.show.endedAt
      madeAt = report.madeAt
      viewers = report.viewers
      peak = report.attendance.peak
      watchedSeconds = report.attendance.watchedMilliseconds / 1000
      messages = report.messages
      (taps, bagAdds) = (report.interest.taps, report.interest.bagAdds)
      (orders, ordersWaiting, ordersLapsed) = (report.orders, report.waiting, report.lapsed)
      (buyers, buyersOnAir) = (report.buyers, report.buyersOnAir)
      conversionBasisPoints = report.conversionBasisPoints
      sales = report.takings.map(NumbersSum.init)
      shipping = report.shipping.map(NumbersSum.init)
      products = report.products.map {
        NumbersOfProduct(
          product: $0.product, title: $0.title, taps: $0.interest.taps, bagAdds: $0.interest.bagAdds,
          orders: $0.orders, units: $0.units, sales: $0.takings.map(NumbersSum.init))
      }
      sources = report.sources.map {
        NumbersOfSource(
          source: $0.way, taps: $0.interest.taps, bagAdds: $0.interest.bagAdds, orders: $0.orders,
          sales: $0.takings.map(NumbersSum.init))
      }
      stepMinutes = report.stepMinutes
      steps = report.steps.map { step in
        NumbersStep(
          minute: step.minute, viewers: step.viewers, messages: step.messages, taps: step.interest.taps,
          bagAdds: step.interest.bagAdds, orders: step.orders, sales: step.gross,
          products: step.products.map {
            NumbersStepProduct(
              product: $0.product, taps: $0.interest.taps, bagAdds: $0.interest.bagAdds, orders: $0.orders,
              units: $0.units, sales: $0.gross)
          })
      }
      marks = report.marks.map {
        NumbersMark(
          kind: $0.kind, fromSeconds: $0.from / 1000, untilSeconds: $0.until.map { $0 / 1000 }, product: $0.product,
          title: $0.title)
      }
    }
  }
}

extension Site {
  /// Counts what a viewer did with a product of a show, once. Throws `GeneralRefusal.notFound`.
  ///
  /// - Parameter newViewer: how a viewer who was not known is from now on.
  func note(
    _ kind: Interest.Kind, in product: ID<Product>, of show: ID<Show>, from source: OrderSource, viewer: String?,
    newViewer: String? = nil, address: String, by caller: Caller
  ) async throws -> Bool {
    var room = await rooms.watched(show)
    if room == nil {
      _ = try await commerce.show(show, by: caller)
      room = try await rooms.room(show)
    }
    guard limits.admits(kind, in: product, viewer: viewer, newViewer: newViewer, address: address) else { return false }
    return try await room?.note(kind, in: product, from: source) ?? false
  }
}
