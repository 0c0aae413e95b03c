import Commerce

/// What a mail says, in the order's language, the channel's or the partner's.
struct MailText: Sendable {
  let language: String
  let subject: String
  let paragraphs: [String]
  /// The order's page, for a guest with a token; or the channel's or the partner's own.
  let url: String
  let linkText: String
  let footer: String
  /// Where a viewer ends what they are reminded of, and its words; nil in all other mail.
  var reminders: Ending?

  struct Ending: Sendable {
    let url: String
    let text: String
    /// For the reader's mail program, which ends it without asking (RFC 8058).
    let oneClick: String
  }

  init(_ kind: Mail.Kind, _ content: MailContent, publicURL: String, _ words: Words) {
    if kind.isReminder {
      self.init(kind, reminder: content, publicURL: publicURL, words)
    } else if let wish = content.wish {
      self.init(kind, of: wish, content, publicURL: publicURL, words)
    } else if let order = content.order {
      self.init(kind, of: order, content, publicURL: publicURL, words)
    } else {
      switch kind {
      case .request: self.init(request: content, publicURL: publicURL, words)
      case .payout, .payoutReturned: self.init(kind, payout: content, publicURL: publicURL, words)
      case .statement: self.init(statement: content, publicURL: publicURL, words)
      case .partnership, .partnerTerms: self.init(partnership: content, publicURL: publicURL, words)
      default: self.init(about: content, publicURL: publicURL, words)
      }
    }
  }

  /// A buyer asks to cancel, or to send something back; to those who sell.
  private init(request content: MailContent, publicURL: String, _ words: Words) {
    let order = content.cancellation?.order ?? content.goods?.order
    let key = content.goods == nil ? "Cancel" : "Return"
    let values = ["channel": content.name, "number": order?.orderNumber ?? ""]
    language = words.language
    subject = words["mail.request\(key)Subject", values]
    let note = content.cancellation?.note ?? content.goods?.note ?? ""
    paragraphs =
      [words["mail.request\(key)Text", values]] + (note.isEmpty ? [] : ["“\(note)”"]) + [
        words["mail.request\(key)Answer"]
      ]
    url = publicURL + (order.map { "/orders/\($0)" } ?? content.home)
    linkText = words["mail.requestLink"]
    footer = words["mail.channelFooter", values]
  }

  /// Money is on its way to a channel or a partner, or did not get there; to its owners, or its people.
  private init(_ kind: Mail.Kind, payout content: MailContent, publicURL: String, _ words: Words) {
    var values = ["channel": content.name]
    if let payout = content.payout {
      values["amount"] = words.money(payout.amount)
      values["number"] = payout.number
      values["account"] = words.destination(payout.provider, payout.holder, payout.ending)
    }
    language = words.language
    subject = words["mail.\(kind.key)Subject", values]
    var paragraphs = [words["mail.\(kind.key)Text", values]]
    if kind == .payoutReturned, let failure = content.payout?.failure, !failure.isEmpty {
      paragraphs.append(words["mail.reason", ["reason": failure]])
    }
    self.paragraphs = paragraphs
    url = "\(publicURL)\(content.home)/money"
    linkText = words["mail.moneyLink"]
    footer = words[content.footer, values]
  }

  /// What a month came to; to a channel's owners, or a partner's people.
  private init(statement content: MailContent, publicURL: String, _ words: Words) {
    let values = ["channel": content.name, "month": words.month(content.month)]
    language = words.language
    subject = words["mail.statementSubject", values]
    var paragraphs = [words["mail.statementText", values]]
    for statement in content.statements {
      let paid = [StatementLine.Kind.payout, .payoutReturned].compactMap { statement.sums[$0]?.minor }.reduce(0, +)
      // What a seller and a creator agreed on is not a partner's to read.
      let ofSale =
        content.partner == nil
        ? [
          ("mail.statementTax", statement.tax), ("mail.statementCommission", statement.commission),
          ("mail.statementCreator", statement.creator),
        ]
        : [
          ("mail.statementCommissionOf", statement.commission),
          (
            "mail.statementShare",
            Money(
              minor: statement.closing.minor - statement.opening.minor - paid, currency: statement.opening.currency)
          ),
        ]
      var sums = ([("mail.statementOpening", statement.opening), ("mail.statementSold", statement.sold)] + ofSale)
        .filter { $0.0 == "mail.statementOpening" || $0.1.minor != 0 }
      if paid != 0 { sums.append(("mail.statementPaid", Money(minor: -paid, currency: statement.opening.currency))) }
      sums.append(("mail.statementClosing", statement.closing))
      paragraphs += sums.map { words[$0.0, ["amount": words.money($0.1)]] }
    }
    self.paragraphs = paragraphs
    url = "\(publicURL)\(content.home)/money/\(content.month)"
    linkText = words["mail.statementLink"]
    footer = words[content.footer, values]
  }

  /// What the operator decided about a partner, or which terms hold; to its people.
  private init(partnership content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    let key = content.terms == nil ? "\((content.partnerState ?? .active).rawValue)Partner" : "termsPartner"
    let values = [
      "channel": content.name, "rate": words.part(content.terms?.rate),
      "time": content.terms?.starts.plainText ?? "",
    ]
    subject = words["mail.\(key)Subject", values]
    var paragraphs = [words["mail.\(key)Text", values]]
    // Of a decision that another one followed, the reason is not known any more.
    if let partner = content.partner, content.partnerState == partner.state, !partner.reason.isEmpty {
      paragraphs.append(words["mail.reason", ["reason": partner.reason]])
    }
    self.paragraphs = paragraphs
    url = publicURL + content.home
    linkText = words["mail.partnerLink"]
    footer = words[content.footer, values]
  }

  /// About a wish of a waitlist, to whoever waits.
  private init(_ kind: Mail.Kind, of wish: Wish, _ content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    let values = [
      "title": wish.title, "seller": content.name, "minutes": "\(wish.offerSeconds / 60)",
      "time": wish.until?.plainText ?? "",
    ]
    subject = words["mail.\(kind.key)Subject", values]
    paragraphs = [words["mail.\(kind.key)Text", values]]
    url = "\(publicURL)/waitlist/\(wish.id)" + (content.token.map { "?token=\($0.text)" } ?? "")
    linkText = words["mail.\(kind.key)Link"]
    footer = words["mail.waitlistFooter", values]
  }

  /// A viewer is told of a show, or asked whether they want to be.
  private init(_ kind: Mail.Kind, reminder content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    let values = [
      "title": content.show?.title ?? "", "channel": content.name, "time": content.show?.scheduledAt.plainText ?? "",
    ]
    subject = words["mail.\(kind.key)Subject", values]
    let token = content.reminders.map { "?token=\($0.text)" } ?? ""
    let isQuestion = kind == .reminderConfirm || kind == .followConfirm
    var paragraphs = [words["mail.\(kind.key)Text", values]]
    if let show = content.show, kind == .reminderMoved || kind == .reminderConfirm {
      paragraphs.append(words["mail.reminderCalendar"] + ": \(publicURL)/shows/\(show.id)/calendar.ics")
    }
    self.paragraphs = paragraphs
    if isQuestion {
      url = "\(publicURL)/reminders\(token)"
    } else if kind == .reminderCalledOff {
      url = "\(publicURL)/@\(content.seller?.handle ?? "")"
    } else {
      url = publicURL + (content.show.map { "/watch/\($0.id)" } ?? "")
    }
    linkText = words["mail.\(kind.key)Link", values]
    footer = words[isQuestion ? "mail.reminderAskedFooter" : "mail.reminderFooter", values]
    reminders = Ending(
      url: "\(publicURL)/reminders\(token)", text: words[isQuestion ? "mail.reminderNever" : "mail.reminderEnd"],
      oneClick: "\(publicURL)/reminders/end\(token)")
  }

  /// What was decided about a channel, to its owners.
  private init(about content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    let event = content.event
    let values = ["channel": content.name, "market": event?.market ?? "", "tier": "\(event?.tier ?? 0)"]
    let kind = event?.kind.rawValue ?? "approved"
    subject = words["mail.\(kind)ChannelSubject", values]
    var paragraphs = [words["mail.\(kind)ChannelText", values]]
    if let event, let reason = event.reason, AdmissionReason.ofRefusals.contains(reason) {
      paragraphs.append(words["mail.reason", ["reason": words["admissionReasons.\(reason.rawValue)"]]])
    }
    if let event, !event.words.isEmpty { paragraphs.append("“\(event.words)”") }
    if let event, [.refused, .suspended].contains(event.kind) {
      paragraphs.append(words[event.isFinal ? "mail.final" : "mail.mayAppeal"])
    }
    self.paragraphs = paragraphs
    url = "\(publicURL)\(content.home)/admission"
    linkText = words["mail.channelLink"]
    footer = words["mail.channelFooter", values]
  }

  private init(_ kind: Mail.Kind, of order: Order, _ content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    var values = ["seller": content.name, "number": order.number, "total": words.money(order.total)]
    values["time"] = order.expires.plainText
    values["title"] = order.lines.first?.title ?? ""
    values["amount"] = (content.refund?.amount).map(words.money) ?? ""
    values["date"] = content.place?.shipsBy.plainDay ?? ""
    values["days"] = "\(content.place?.payDays ?? 0)"
    subject = words["mail.\(kind.key)Subject", values]
    var text = kind.key + "Text"
    if let place = content.place, order.part == .deposit {
      if kind == .paid { text = place.isWhole ? "paidWholeText" : "paidDepositText" }
      if kind == .preorderEnded { text = place.why == .lapsed ? "preorderLapsedText" : "preorderCalledOffText" }
    }
    var paragraphs = [words["mail.hello", ["name": order.buyer.name]], words["mail.\(text)", values]]
    switch kind {
    case .paid:
      paragraphs += order.lines.map { "\($0.quantity) × \($0.title): \(words.money($0.total))" }
      // Every sum between the lines and the total, so that the mail adds up.
      if order.discount.minor > 0 {
        paragraphs.append(
          words["checkout.couponOff", ["code": order.couponCode]] + ": −" + words.money(order.discount))
      }
      let shipping =
        order.part == .deposit && content.place.map { $0.shipping.minor > 0 } ?? false
        ? words["preorder.withBalance"]
        : order.shipping.minor == 0 ? words["checkout.free"] : words.money(order.shipping)
      paragraphs.append(words["checkout.shipping"] + ": " + shipping)
      let taxes = TaxView.all(order.taxes, isAdded: order.isTaxAdded, words).map { "\($0.name): \($0.amountText)" }
      if order.isTaxAdded { paragraphs += taxes }
      paragraphs.append(words["mail.total", values])
      if !order.isTaxAdded { paragraphs += taxes }
    case .sent:
      if let parcel = content.shipment {
        paragraphs += [parcel.carrier, parcel.tracking, parcel.link].filter { !$0.isEmpty }
      }
    case .refunded:
      if let refund = content.refund {
        let reason = words.reason(of: refund, content.cancellation, content.goods)
        // Of money that came too late nobody wrote a reason.
        paragraphs.append(refund.kind == .stray ? words["mail.late"] : words["mail.reason", ["reason": reason]])
      }
    case .cancelled:
      if let cancellation = content.cancellation, cancellation.party == .seller {
        paragraphs.append(words["mail.reason", ["reason": words.reason(of: cancellation)]])
      }
    case .requestRefused:
      if let cancellation = content.cancellation {
        paragraphs.append(
          cancellation.state == .overtaken
            ? words["mail.overtaken", values] : words["mail.reason", ["reason": cancellation.answer]])
      }
    case .returnApproved:
      if let goods = content.goods {
        paragraphs += order.contents(goods.lines.map { ($0.position, $0.quantity) })
        paragraphs += [
          goods.instructions, words[goods.reason.isSellersFault ? "returns.sellerPays" : "returns.buyerPays"],
        ]
      }
    case .returnRefused:
      if let goods = content.goods {
        paragraphs.append(words["mail.reason", ["reason": goods.answer]])
        paragraphs.append(words[goods.isDecided ? "mail.decided" : "mail.dispute", values])
      }
    case .returnReceived:
      if let goods = content.goods {
        paragraphs += order.contents(goods.lines.map { ($0.position, $0.received) })
      }
    case .auction, .preorderReady, .preorderReminder: paragraphs.append(words["mail.total", values])
    case .preorderMoved: paragraphs.append(words["mail.preorderMovedCancel"])
    case .preorderEnded, .delivered, .admission, .waitlistConfirm, .waitlistOffer, .request, .payout, .payoutReturned,
      .statement, .partnership, .partnerTerms, .reminderConfirm, .followConfirm, .reminderSoon, .reminderLive,
      .reminderMoved, .reminderCalledOff:
      break
    }
    self.paragraphs = paragraphs
    url = "\(publicURL)/orders/\(order.id)" + (content.token.map { "?token=\($0.text)" } ?? "")
    linkText = words["mail.link"]
    footer = words["mail.footer", values]
  }

  var plain: String {
    let ending = reminders.map { ["\($0.text): \($0.url)"] } ?? []
    return (paragraphs + ["\(linkText): \(url)", footer] + ending).joined(separator: "\n\n") + "\n"
  }
}

extension Mail.Kind {
  /// What the keys of its words begin with.
  fileprivate var key: String {
    switch self {
    case .paid, .sent, .delivered, .refunded, .cancelled, .auction, .admission, .request, .payout, .statement,
      .partnership:
      rawValue
    case .requestRefused: "requestRefused"
    case .returnApproved: "returnApproved"
    case .returnRefused: "returnRefused"
    case .returnReceived: "returnReceived"
    case .waitlistConfirm: "waitlistConfirm"
    case .waitlistOffer: "waitlistOffer"
    case .preorderReady: "preorderReady"
    case .preorderReminder: "preorderReminder"
    case .preorderMoved: "preorderMoved"
    case .preorderEnded: "preorderEnded"
    case .payoutReturned: "payoutReturned"
    case .partnerTerms: "partnerTerms"
    case .reminderConfirm: "reminderConfirm"
    case .followConfirm: "followConfirm"
    case .reminderSoon: "reminderSoon"
    case .reminderLive: "reminderLive"
    case .reminderMoved: "reminderMoved"
    case .reminderCalledOff: "reminderCalledOff"
    }
  }

  /// Whether a viewer gets it of what they asked to be reminded of.
  fileprivate var isReminder: Bool {
    switch self {
    case .reminderConfirm, .followConfirm, .reminderSoon, .reminderLive, .reminderMoved, .reminderCalledOff: true
    default: false
    }
  }
}

extension MailContent {
  /// The pages of those who are written to.
  fileprivate var home: String {
    partner.map { "/partner/\($0.via)" } ?? seller.map { "/studio/\($0.handle)" } ?? ""
  }

  /// Why they are written to.
  fileprivate var footer: String { partner == nil ? "mail.channelFooter" : "mail.partnerFooter" }
}
