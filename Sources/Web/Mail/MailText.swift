import Commerce

/// What a mail says, in the order's language, or the channel's.
struct MailText: Sendable {
  let language: String
  let subject: String
  let paragraphs: [String]
  /// The order's page, for a guest with a token; or the channel's own.
  let url: String
  let linkText: String
  let footer: String

  init(_ kind: Mail.Kind, _ content: MailContent, publicURL: String, _ words: Words) {
    if let wish = content.wish {
      self.init(kind, of: wish, content, publicURL: publicURL, words)
    } else if let order = content.order {
      self.init(kind, of: order, content, publicURL: publicURL, words)
    } else {
      self.init(about: content.seller, content.event, publicURL: publicURL, words)
    }
  }

  /// About a wish of a waitlist, to whoever waits.
  private init(_ kind: Mail.Kind, of wish: Wish, _ content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    let values = [
      "title": wish.title, "seller": content.seller.name, "minutes": "\(wish.offerSeconds / 60)",
      "time": wish.until?.plainText ?? "",
    ]
    subject = words["mail.\(kind.key)Subject", values]
    paragraphs = [words["mail.\(kind.key)Text", values]]
    url = "\(publicURL)/waitlist/\(wish.id)" + (content.token.map { "?token=\($0.text)" } ?? "")
    linkText = words["mail.\(kind.key)Link"]
    footer = words["mail.waitlistFooter", values]
  }

  /// What was decided about a channel, to its owners.
  private init(about channel: Channel, _ event: AdmissionEvent?, publicURL: String, _ words: Words) {
    language = words.language
    let values = ["channel": channel.name, "market": event?.market ?? "", "tier": "\(event?.tier ?? 0)"]
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
    url = "\(publicURL)/studio/\(channel.handle)/admission"
    linkText = words["mail.channelLink"]
    footer = words["mail.channelFooter", values]
  }

  private init(_ kind: Mail.Kind, of order: Order, _ content: MailContent, publicURL: String, _ words: Words) {
    language = words.language
    var values = ["seller": content.seller.name, "number": order.number, "total": words.money(order.total)]
    values["time"] = order.expires.plainText
    values["title"] = order.lines.first?.title ?? ""
    values["amount"] = (content.refund?.amount).map(words.money) ?? ""
    subject = words["mail.\(kind.key)Subject", values]
    var paragraphs = [words["mail.hello", ["name": order.buyer.name]], words["mail.\(kind.key)Text", values]]
    switch kind {
    case .paid:
      paragraphs += order.lines.map { "\($0.quantity) × \($0.title): \(words.money($0.total))" }
      // Every sum between the lines and the total, so that the mail adds up.
      if order.discount.minor > 0 {
        paragraphs.append(
          words["checkout.couponOff", ["code": order.couponCode]] + ": −" + words.money(order.discount))
      }
      let shipping = order.shipping.minor == 0 ? words["checkout.free"] : words.money(order.shipping)
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
    case .auction: paragraphs.append(words["mail.total", values])
    case .delivered, .admission, .waitlistConfirm, .waitlistOffer: break
    }
    self.paragraphs = paragraphs
    url = "\(publicURL)/orders/\(order.id)" + (content.token.map { "?token=\($0.text)" } ?? "")
    linkText = words["mail.link"]
    footer = words["mail.footer", values]
  }

  var plain: String { (paragraphs + ["\(linkText): \(url)", footer]).joined(separator: "\n\n") + "\n" }
}

extension Mail.Kind {
  /// What the keys of its words begin with.
  fileprivate var key: String {
    switch self {
    case .paid, .sent, .delivered, .refunded, .cancelled, .auction, .admission: rawValue
    case .requestRefused: "requestRefused"
    case .returnApproved: "returnApproved"
    case .returnRefused: "returnRefused"
    case .returnReceived: "returnReceived"
    case .waitlistConfirm: "waitlistConfirm"
    case .waitlistOffer: "waitlistOffer"
    }
  }
}
