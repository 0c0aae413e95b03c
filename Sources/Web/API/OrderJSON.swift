import Commerce
import NIOCore

// What an order is asked for with, and answered with, without a tree of it in between. The types' own `Codable`
// describes them in the OpenAPI document, answers every other address, and is what the tests hold these against.

extension OrderAPI.NewOrder {
  /// Nil for what is not plain, whether it is wrong or only unusual.
  init?(plain body: ByteBuffer) {
    let order = try? body.withUnsafeReadableBytes { bytes in
      var reader = JSONReader(bytes)
      let order = try Self(&reader)
      try reader.end()
      return order
    }
    guard let order else { return nil }
    self = order
  }

  private init<Bytes>(_ reader: inout JSONReader<Bytes>) throws {
    var id: ID<Order>?
    var show: ID<Show>?
    var market: String?
    var lines: [OrderAPI.BagLine]?
    var buyer: OrderAPI.NewBuyer?
    var coupon, via, site: String?
    var mediaTime: Int64?
    var clip: ID<Clip>?
    try reader.object { name, reader in
      switch name {
      case "id": try id.setOnce(reader.id())
      case "show": try show.setOnce(reader.id())
      case "market": try market.setOnce(reader.string())
      case "lines":
        var found: [OrderAPI.BagLine] = []
        try reader.list { found.append(try OrderAPI.BagLine(&$0)) }
        try lines.setOnce(found)
      case "buyer": try buyer.setOnce(OrderAPI.NewBuyer(&reader))
      case "coupon": try coupon.setOnce(reader.string())
      case "via": try via.setOnce(reader.string())
      case "site": try site.setOnce(reader.string())
      case "mediaTime": try mediaTime.setOnce(reader.number())
      case "clip": try clip.setOnce(reader.id())
      default: throw NotPlain()
      }
    }
    guard let market, let lines, let buyer else { throw NotPlain() }
    self.init(
      id: id, show: show, market: market, lines: lines, buyer: buyer, coupon: coupon, via: via, site: site,
      mediaTime: mediaTime, clip: clip)
  }
}

extension OrderAPI.BagLine {
  fileprivate init<Bytes>(_ reader: inout JSONReader<Bytes>) throws {
    var offer: ID<Offer>?
    var quantity: Int64?
    try reader.object { name, reader in
      switch name {
      case "offer": try offer.setOnce(reader.id())
      case "quantity": try quantity.setOnce(reader.number())
      default: throw NotPlain()
      }
    }
    guard let offer, let quantity else { throw NotPlain() }
    self.init(offer: offer, quantity: quantity)
  }
}

extension OrderAPI.NewBuyer {
  fileprivate init<Bytes>(_ reader: inout JSONReader<Bytes>) throws {
    var name, email, phone: String?
    var address: OrderAPI.NewAddress?
    try reader.object { member, reader in
      switch member {
      case "name": try name.setOnce(reader.string())
      case "email": try email.setOnce(reader.string())
      case "phone": try phone.setOnce(reader.string())
      case "address": try address.setOnce(OrderAPI.NewAddress(&reader))
      default: throw NotPlain()
      }
    }
    guard let name, let email, let address else { throw NotPlain() }
    self.init(name: name, email: email, phone: phone, address: address)
  }
}

extension OrderAPI.NewAddress {
  fileprivate init<Bytes>(_ reader: inout JSONReader<Bytes>) throws {
    var name, line1, line2, city, region, postalCode, country: String?
    try reader.object { member, reader in
      switch member {
      case "name": try name.setOnce(reader.string())
      case "line1": try line1.setOnce(reader.string())
      case "line2": try line2.setOnce(reader.string())
      case "city": try city.setOnce(reader.string())
      case "region": try region.setOnce(reader.string())
      case "postalCode": try postalCode.setOnce(reader.string())
      case "country": try country.setOnce(reader.string())
      default: throw NotPlain()
      }
    }
    guard let line1, let city, let postalCode, let country else { throw NotPlain() }
    self.init(
      name: name, line1: line1, line2: line2, city: city, region: region, postalCode: postalCode, country: country)
  }
}

extension OrderAPI.Placed {
  var json: [UInt8] {
    var json = JSONWriter()
    json.object {
      $0.member("order") { order.write(to: &$0) }
      if let others { $0.member("others") { $0.list(others) { json, order in order.write(to: &json) } } }
      $0.member("accessToken", accessToken)
      guard let payment else { return }
      $0.member("payment") {
        $0.object {
          $0.member("provider", payment.provider)
          $0.member("means", payment.means.rawValue)
          $0.member("methodsURL", ifPresent: payment.methodsURL)
          $0.member("scriptURL", ifPresent: payment.scriptURL)
          $0.member("publishableKey", ifPresent: payment.publishableKey)
        }
      }
    }
    return json.bytes
  }
}

extension OrderAPI.OrderAnswer {
  fileprivate func write(to json: inout JSONWriter) {
    json.object {
      $0.member("id", id)
      $0.member("number", number)
      if let purchase { $0.member("purchase", purchase) }
      $0.member("part", ifPresent: part?.rawValue)
      $0.member("state", state.rawValue)
      $0.member("channel", channel)
      if let show { $0.member("show", show) }
      if let creator { $0.member("creator", creator) }
      if let source { $0.member("source") { source.write(to: &$0) } }
      $0.member("market", market)
      $0.member("lines") { $0.list(lines) { json, line in line.write(to: &json) } }
      $0.member("subtotal", subtotal)
      if let coupon {
        $0.member("coupon") {
          $0.object {
            $0.member("code", coupon.code)
            $0.member("discount", coupon.discount)
            $0.member("fundedBy", coupon.fundedBy.rawValue)
          }
        }
      }
      $0.member("shipping", shipping)
      $0.member("tax", tax)
      $0.member("taxes") {
        $0.list(taxes) { json, part in
          json.object {
            $0.member("rateBasisPoints", part.rateBasisPoints)
            $0.member("amount", part.amount)
          }
        }
      }
      $0.member("isTaxAdded", isTaxAdded)
      $0.member("total", total)
      $0.member("refunded", refunded)
      $0.member("buyer") { buyer.write(to: &$0) }
      $0.member("tracking", ifPresent: tracking)
      $0.member("placedAt", placedAt.description)
      $0.member("expiresAt", expiresAt.description)
      $0.member("paidAt", ifPresent: paidAt?.description)
    }
  }
}

extension OrderAPI.SourceAnswer {
  fileprivate func write(to json: inout JSONWriter) {
    json.object {
      $0.member("kind", kind.rawValue)
      $0.member("via", ifPresent: via)
      $0.member("site", ifPresent: site)
      if let mediaTime { $0.member("mediaTime", mediaTime) }
      if let clip { $0.member("clip", clip) }
      $0.member("credit", credit.rawValue)
      if let partner { $0.member("partner", partner) }
    }
  }
}

extension OrderAPI.QuoteLine {
  fileprivate func write(to json: inout JSONWriter) {
    json.object {
      $0.member("offer", offer)
      $0.member("variant", variant)
      $0.member("product", product)
      $0.member("title", title)
      $0.member("sku", sku)
      $0.member("weightGrams", weightGrams)
      $0.member("taxClass", taxClass)
      $0.member("taxRateBasisPoints", taxRateBasisPoints)
      $0.member("quantity", quantity)
      $0.member("unitPrice", unitPrice)
      $0.member("total", total)
      if let bundle { $0.member("bundle", bundle) }
    }
  }
}

extension OrderAPI.BuyerAnswer {
  fileprivate func write(to json: inout JSONWriter) {
    json.object {
      $0.member("name", name)
      $0.member("email", email)
      $0.member("phone", phone)
      $0.member("address") { address.write(to: &$0) }
    }
  }
}

extension Buyer.Address {
  fileprivate func write(to json: inout JSONWriter) {
    json.object {
      $0.member("name", name)
      $0.member("line1", line1)
      $0.member("line2", line2)
      $0.member("city", city)
      $0.member("region", region)
      $0.member("postalCode", postalCode)
      $0.member("country", country)
    }
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: StaticString, _ money: Money) {
    member(name) {
      $0.object {
        $0.member("minor", money.minor)
        $0.member("currency", money.currency.code)
      }
    }
  }
}
