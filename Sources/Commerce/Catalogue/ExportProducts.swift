import Store

extension Commerce {
  /// A channel's catalogue as a product file of Shopify's (the newer names of its columns), with the prices of `market`:
  /// imported into an empty channel and exported again, it is the same file. For the channel's owners.
  ///
  /// Products are in the order of their handles; one that was made by hand gets its handle now, from its title, so that
  /// the file changes it when it is imported again. A variant that is not sold in the market has no price in the file.
  ///
  /// - Parameter pictures: what the addresses of pictures begin with, such as `https://haat.example`.
  public func exportProducts(
    of channel: ID<Channel>, by caller: Caller, market code: String, pictures base: String = ""
  ) async throws -> [UInt8] {
    let market = try await importMarket(code, by: caller, channel: channel)
    while try await nameProducts(of: channel) {}
    var file = CSVWriter()
    file.add(ShopifyColumns.names)
    var last = ""
    while true {
      try Task.checkCancellation()
      let after = last
      let products = try await database.read { db in
        let handles = try db.rows(
          """
          SELECT import_handle FROM product
          WHERE channel_id = \(channel) AND import_handle <> '' AND import_handle > \(after)
            AND NOT EXISTS (SELECT 1 FROM variant WHERE variant.product_id = product.id AND variant.is_bundle = 1)
          ORDER BY import_handle LIMIT 100
          """
        ).map { try $0.get("import_handle", as: String.self) }
        let products = try Product.imported(handles, of: channel, in: db)
        return handles.compactMap { handle in products[handle].map { (handle, $0) } }
      }
      guard let end = products.last?.0 else { return file.bytes }
      for (handle, product) in products {
        for row in product.rows(handle: handle, market: market, pictures: base) { file.add(row) }
      }
      last = end
    }
  }

  /// Gives some products that have no handle one; false when there are none.
  private func nameProducts(of channel: ID<Channel>) async throws -> Bool {
    let nameless: SQL = """
      SELECT id, title FROM product WHERE channel_id = \(channel) AND import_handle = ''
        AND NOT EXISTS (SELECT 1 FROM variant WHERE variant.product_id = product.id AND variant.is_bundle = 1) ORDER BY created_ms, id LIMIT 50
      """
    guard try await database.read({ db in try db.row(nameless) != nil }) else { return false }
    return try await database.write { db in
      for row in try db.rows(nameless) {
        let id: ID<Product> = try row.get("id")
        let name = Handles.name(of: try row.get("title"))
        let taken = try db.row("SELECT id FROM product WHERE channel_id = \(channel) AND import_handle = \(name)")
        let handle = taken == nil ? name : "\(name)-\(Hexadecimal.text(id.bytes.suffix(8)))"
        try db.run("UPDATE product SET import_handle = \(handle) WHERE id = \(id)")
      }
      return true
    }
  }
}

/// Names of products in files, made from their titles.
private enum Handles {
  /// Letters, their marks and digits of any script; a hyphen for everything between.
  static func name(of title: String) -> String {
    let words = title.lowercased().unicodeScalars.split { scalar in
      let category = scalar.properties.generalCategory
      return !scalar.properties.isAlphabetic && ![.nonspacingMark, .spacingMark, .decimalNumber].contains(category)
    }
    let name = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: "-")
    return name.isEmpty ? "product" : String(name.prefix(150))
  }
}

private enum ShopifyColumns {
  static let names = [
    "Title", "URL handle", "Description", "Product category", "Published on online store", "Status", "SKU",
    "Option1 name", "Option1 value",
    "Option2 name", "Option2 value", "Option3 name", "Option3 value", "Price", "Compare-at price", "Inventory tracker",
    "Inventory quantity", "Continue selling when out of stock", "Weight value (grams)", "Weight unit for display",
    "Product image URL", "Image position", "Image alt text",
    "Gift card",
  ]
}

extension Product {
  /// A row for each variant and each picture, the two beside each other as Shopify has them.
  fileprivate func rows(handle: String, market: Market, pictures base: String) -> [[String]] {
    (0..<max(variants.count, pictures.count)).map { place in
      let isFirst = place == 0
      let picture = pictures.indices.contains(place) ? pictures[place] : nil
      var row = [isFirst ? title : "", handle, isFirst ? PlainText.html(of: description) : "", isFirst ? category : ""]
      row += isFirst ? ["TRUE", "active"] : ["", ""]
      if variants.indices.contains(place) {
        let variant = variants[place]
        row.append(variant.sku)
        for option in 0..<3 {
          if options.isEmpty, option == 0 {
            row += ["Title", "Default Title"]
          } else {
            row += [
              isFirst && options.indices.contains(option) ? options[option] : "",
              variant.options.indices.contains(option) ? variant.options[option] : "",
            ]
          }
        }
        row += [
          market.plain(variant.prices[market.code]?.minor), market.plain(variant.compareAt[market.code]?.minor),
          "shopify", "\(variant.onHand)", "deny", "\(variant.grams)", "g",
        ]
      } else {
        row += Array(repeating: "", count: 14)
      }
      row += picture.map { [base + $0.url, "\(place + 1)", $0.alt] } ?? ["", "", ""]
      row.append(isFirst ? "FALSE" : "")
      return row
    }
  }
}
