import Commerce

extension Tunable<Policy> {
  /// Every limit and duration of the rules; the ranges leave room for any sane installation.
  static let all: [Self] = {
    let part = Policy()
    return [
      Self(
        "rules.bytesPerCharacterMax", \.bytesPerCharacterMax, of: part, 1...2_000,
        "Bytes of UTF-8 a text may take for each of its characters."),
      Self(
        "rules.combiningMarksMax", \.combiningMarksMax, of: part, 0...50,
        "Marks in a row on one letter; more are dropped."),
      Self("rules.pageLimitMax", \.pageLimitMax, of: part, 1...10_000, "Items in one page of a list."),
      Self(
        "rules.idHours", \.idHours, of: part, 1...87_600,
        "Hours the time in an id that a caller made for something new may be from now, before or after."),
      Self("rules.emailBytesMax", \.emailBytesMax, of: part, 1...25_400, "Bytes of an e-mail address."),
      Self(
        "rules.nameCharactersMax", \.nameCharactersMax, of: part, 1...8_000,
        "Characters of a person's or channel's name."),
      Self(
        "rules.passwordCharactersMin", \.passwordCharactersMin, of: part, 6...128, "Characters a new password needs."),
      Self("rules.passwordBytesMax", \.passwordBytesMax, of: part, 1...102_400, "Bytes of a password."),
      Self(
        "rules.scryptRounds", \.scryptRounds, of: part, 1024...1_048_576,
        "scrypt's cost N, a power of two; with r = 8 one hash takes N KiB of memory.", isPowerOfTwo: true),
      Self("rules.scryptBlockSize", \.scryptBlockSize, of: part, 1...32, "scrypt's r."),
      Self("rules.scryptParallelism", \.scryptParallelism, of: part, 1...16, "scrypt's p."),
      Self("rules.scryptAtOnceMax", \.scryptAtOnceMax, of: part, 1...64, "Password hashes computed at once."),
      Self(
        "rules.scryptWaitingMax", \.scryptWaitingMax, of: part, 1...1_600,
        "Sign-ins that may wait for a hash; beyond, they are refused."),
      Self(
        "rules.signInBurst", \.signInBurst, of: part, 1...1_000,
        "Sign-in attempts at once from one address or for one e-mail address."),
      Self(
        "rules.signInAddressSeconds", \.signInAddressSeconds, of: part, 1...600,
        "Seconds between further attempts from one address."),
      Self(
        "rules.signInEmailSeconds", \.signInEmailSeconds, of: part, 1...3_000,
        "Seconds between further attempts for one e-mail address."),
      Self(
        "rules.sessionSeconds", \.sessionSeconds, of: part, 1...259_200_000,
        "A sign-in ends after this, however much it is used."),
      Self(
        "rules.sessionRotationSeconds", \.sessionRotationSeconds, of: part, 1...8_640_000,
        "Seconds after which a sign-in token is replaced."),
      Self(
        "rules.sessionGraceSeconds", \.sessionGraceSeconds, of: part, 1...6_000,
        "Seconds a replaced sign-in token still works."),
      Self(
        "rules.sessionsPerAccountMax", \.sessionsPerAccountMax, of: part, 1...2_000,
        "Sign-ins of one account; more end the oldest."),
      Self(
        "rules.setupTokenSeconds", \.setupTokenSeconds, of: part, 1...8_640_000,
        "Seconds the operator's one-time link works."),
      Self("rules.apiKeysPerAccountMax", \.apiKeysPerAccountMax, of: part, 1...2_000, "API keys of one account."),
      Self("rules.handleCharactersMin", \.handleCharactersMin, of: part, 1...30, "Characters a handle needs."),
      Self("rules.handleCharactersMax", \.handleCharactersMax, of: part, 1...3_000, "Characters of a handle."),
      Self(
        "rules.aboutCharactersMax", \.aboutCharactersMax, of: part, 1...200_000,
        "Characters of a channel's description."),
      Self("rules.channelsPerAccountMax", \.channelsPerAccountMax, of: part, 1...2_000, "Channels of one account."),
      Self("rules.membersPerChannelMax", \.membersPerChannelMax, of: part, 1...5_000, "Members of a channel."),
      Self("rules.marketsMax", \.marketsMax, of: part, 1...25_000, "Markets of the installation."),
      Self("rules.languagesPerMarketMax", \.languagesPerMarketMax, of: part, 1...1_000, "Languages of a market."),
      Self("rules.titleCharactersMax", \.titleCharactersMax, of: part, 1...20_000, "Characters of a title."),
      Self(
        "rules.descriptionCharactersMax", \.descriptionCharactersMax, of: part, 1...1_000_000,
        "Characters of a product's or show's description."),
      Self("rules.productsPerChannelMax", \.productsPerChannelMax, of: part, 1...1_000_000, "Products of a channel."),
      Self("rules.optionsPerProductMax", \.optionsPerProductMax, of: part, 1...300, "Options of a product."),
      Self("rules.variantsPerProductMax", \.variantsPerProductMax, of: part, 1...10_000, "Variants of a product."),
      Self(
        "rules.optionCharactersMax", \.optionCharactersMax, of: part, 1...6_000,
        "Characters of an option's name or value."),
      Self("rules.skuCharactersMax", \.skuCharactersMax, of: part, 1...6_000, "Characters of a SKU."),
      Self("rules.picturesPerProductMax", \.picturesPerProductMax, of: part, 1...1_000, "Pictures of a product."),
      Self("rules.pictureBytesMax", \.pictureBytesMax, of: part, 1...1_048_576_000, "Bytes of a picture."),
      Self(
        "rules.picturePixelsPerSideMax", \.picturePixelsPerSideMax, of: part, 1...1_638_400,
        "Pixels of a picture's side."),
      Self(
        "rules.picturePixelsMax", \.picturePixelsMax, of: part, 1...1_000_000_000, "Pixels of a picture in all."),
      Self(
        "rules.altCharactersMax", \.altCharactersMax, of: part, 1...30_000, "Characters of a picture's description."),
      Self("rules.onHandMax", \.onHandMax, of: part, 1...100_000_000_000, "Units of one variant on hand."),
      Self(
        "rules.stockNoteCharactersMax", \.stockNoteCharactersMax, of: part, 1...20_000,
        "Characters of the note on a stock correction."),
      Self("rules.importBytesMax", \.importBytesMax, of: part, 1...1_677_721_600, "Bytes of a product CSV."),
      Self("rules.importRowsMax", \.importRowsMax, of: part, 1...2_000_000, "Rows of a product CSV."),
      Self("rules.importProductsMax", \.importProductsMax, of: part, 1...200_000, "Products of a product CSV."),
      Self(
        "rules.openImportsPerChannelMax", \.openImportsPerChannelMax, of: part, 1...500,
        "Imports of a channel that are not over."),
      Self("rules.importDays", \.importDays, of: part, 1...3650, "Days an import and its report are kept."),
      Self("rules.productsPerRunMax", \.productsPerRunMax, of: part, 1...20_000, "Products in a run of show."),
      Self("rules.marketsPerShowMax", \.marketsPerShowMax, of: part, 1...5_000, "Markets of a show."),
      Self(
        "rules.scheduleAheadSeconds", \.scheduleAheadSeconds, of: part, 1...3_162_240_000,
        "How far ahead a show may be scheduled."),
      Self(
        "rules.openShowsPerChannelMax", \.openShowsPerChannelMax, of: part, 1...20_000,
        "Shows of a channel that have not ended."),
      Self("rules.messageCharactersMax", \.messageCharactersMax, of: part, 1...30_000, "Characters of a chat message."),
      Self(
        "rules.guestNameCharactersMax", \.guestNameCharactersMax, of: part, 1...4_000,
        "Characters of a guest's name in the chat."),
      Self(
        "rules.recordingDays", \.recordingDays, of: part, 0...3650,
        "Days a recording is kept where its channel does not say; 0 keeps it."),
      Self(
        "rules.recordingDaysMax", \.recordingDaysMax, of: part, 1...36_500, "Days a channel may keep a recording."),
      Self(
        "rules.simulcastTargetsPerShowMax", \.simulcastTargetsPerShowMax, of: part, 0...100,
        "Other servers that one show may be pushed on to."),
      Self(
        "rules.simulcastKeyBytesMax", \.simulcastKeyBytesMax, of: part, 16...10_000, "Bytes of such a server's key."),
      Self("rules.recentMessages", \.recentMessages, of: part, 1...5_000, "Chat messages a new viewer is given."),
      Self(
        "rules.numberingBatch", \.numberingBatch, of: part, 1...25_600, "Timeline events numbered in one transaction."),
      Self("rules.bagLinesMax", \.bagLinesMax, of: part, 1...500, "Lines of a bag."),
      Self("rules.savedAddressesMax", \.savedAddressesMax, of: part, 1...100, "Addresses that an account keeps."),
      Self("rules.savedCardsMax", \.savedCardsMax, of: part, 1...50, "Cards that an account keeps."),
      Self(
        "rules.cardSetupsPerHourMax", \.cardSetupsPerHourMax, of: part, 1...1000,
        "Tries of an account to save a card without a payment, an hour."),
      Self("rules.bagSellersMax", \.bagSellersMax, of: part, 1...50, "Sellers of a bag: each has an order of its own."),
      Self("rules.quantityMax", \.quantityMax, of: part, 1...99, "Units of one line."),
      Self(
        "rules.reservationMinutes", \.reservationMinutes, of: part, 1...1440,
        "How long stock is held for an unpaid order."),
      Self(
        "rules.offerGraceSeconds", \.offerGraceSeconds, of: part, 0...600,
        "How long after it closed an offer a viewer saw is still honoured."),
      Self("rules.tokensPerOrderMax", \.tokensPerOrderMax, of: part, 1...800, "Tokens that open one order."),
      Self("rules.paymentAttemptsMax", \.paymentAttemptsMax, of: part, 1...2_000, "Payment attempts of one order."),
      Self(
        "rules.openOrdersPerBuyerMax", \.openOrdersPerBuyerMax, of: part, 0...1000,
        "Orders one account or e-mail address may have waiting for payment at once; 0 for no limit."),
      Self(
        "rules.openOrdersPerAddressMax", \.openOrdersPerAddressMax, of: part, 0...1000,
        "Orders waiting for payment at once from one network address, which many buyers may share; 0 for no limit."),
      Self(
        "rules.heldUnitsPerBuyerMax", \.heldUnitsPerBuyerMax, of: part, 0...100_000,
        "Units of one variant that one account or e-mail address may hold before paying; 0 for no limit."),
      Self(
        "rules.heldUnitsPerAddressMax", \.heldUnitsPerAddressMax, of: part, 0...100_000,
        "Units of one variant held before paying from one network address; 0 for no limit."),
      Self(
        "rules.refreshBurst", \.refreshBurst, of: part, 1...1000,
        "How often at once an order's page may ask the payment provider what became of a payment."),
      Self(
        "rules.refreshSeconds", \.refreshSeconds, of: part, 1...3600, "Seconds until an order's page may ask once more."
      ),
      Self("rules.refundsPerOrderMax", \.refundsPerOrderMax, of: part, 1...2_000, "Refunds of one order."),
      Self(
        "rules.reconcileSeconds", \.reconcileSeconds, of: part, 1...6_000,
        "How long a payment or refund may be open before its provider is asked what became of it, and asked again."),
      Self(
        "rules.paymentAbandonedSeconds", \.paymentAbandonedSeconds, of: part, 1...8_640_000,
        "A payment whose second step was not taken by then is given up."),
      Self("rules.phoneCharactersMax", \.phoneCharactersMax, of: part, 1...3_000, "Characters of a phone number."),
      Self(
        "rules.addressLineCharactersMax", \.addressLineCharactersMax, of: part, 1...12_000,
        "Characters of an address line."),
      Self(
        "rules.postalCodeCharactersMax", \.postalCodeCharactersMax, of: part, 1...2_000, "Characters of a postal code."),
      Self(
        "rules.reasonCharactersMax", \.reasonCharactersMax, of: part, 1...50_000, "Characters of a refund's reason."),
      Self(
        "rules.trackingCharactersMax", \.trackingCharactersMax, of: part, 1...20_000,
        "Characters of a tracking reference."),
      Self(
        "rules.linkCharactersMax", \.linkCharactersMax, of: part, 20...4_000,
        "Characters of a parcel's address at its carrier."),
      Self(
        "rules.dealCountdownSecondsMax", \.dealCountdownSecondsMax, of: part, 0...3_600,
        "Seconds a live deal may be announced before it starts."),
      Self(
        "rules.dealSecondsMin", \.dealSecondsMin, of: part, 1...86_400, "Seconds a live deal runs at least."),
      Self(
        "rules.dealSecondsMax", \.dealSecondsMax, of: part, 1...86_400, "Seconds a live deal runs at most."),
      Self("rules.dealUnitsMax", \.dealUnitsMax, of: part, 1...1_000_000_000, "Units of one live deal."),
      Self(
        "rules.dealsUndercutLowest", \.dealsUndercutLowest, of: part,
        "Whether a live deal has to be below the lowest price of the last 30 days, or only below the price of today."),
      Self(
        "rules.giveawayEntrantsMax", \.giveawayEntrantsMax, of: part, 1...1_000_000, "Entrants of one giveaway."),
      Self(
        "rules.giveawayGuestsPerAddressMax", \.giveawayGuestsPerAddressMax, of: part, 1...1_000_000,
        "Guests of one network address in one giveaway; who is signed in is not counted."),
      Self(
        "rules.giveawayDrawSeconds", \.giveawayDrawSeconds, of: part, 10...86_400,
        "Seconds after its list was closed until a giveaway is drawn by itself."),
      Self(
        "rules.giveawayClaimHours", \.giveawayClaimHours, of: part, 1...8_760, "Hours a winner has to claim a prize."),
      Self(
        "rules.giveawayEntrantDays", \.giveawayEntrantDays, of: part, 1...3_650,
        "Days after its draw it is known who took part in a giveaway; winners and the list stay."),
      Self("rules.auctionSecondsMin", \.auctionSecondsMin, of: part, 5...86_400, "Seconds an auction runs at least."),
      Self(
        "rules.auctionSecondsMax", \.auctionSecondsMax, of: part, 5...86_400,
        "Seconds an auction runs at most, but for late bids."),
      Self(
        "rules.auctionLateSeconds", \.auctionLateSeconds, of: part, 0...600,
        "A bid in so many last seconds of an auction puts its end so many seconds from then."),
      Self(
        "rules.auctionExtensionSecondsMax", \.auctionExtensionSecondsMax, of: part, 0...86_400,
        "Seconds by which late bids put off the end of an auction, all together."),
      Self("rules.auctionBidsMax", \.auctionBidsMax, of: part, 1...1_000_000, "Bids of one auction."),
      Self(
        "rules.auctionBidsPerBuyerMax", \.auctionBidsPerBuyerMax, of: part, 1...1_000,
        "Bids of one buyer in one auction in 10 seconds."),
      Self(
        "rules.auctionPaymentMinutes", \.auctionPaymentMinutes, of: part, 1...1_440,
        "Minutes that whoever won an auction may pay themselves when their card was not charged."),
      Self(
        "rules.auctionRunnersUpMax", \.auctionRunnersUpMax, of: part, 0...20,
        "Bidders whose turn it is to buy after the winner did not pay."),
      Self(
        "rules.followsPerAccountMax", \.followsPerAccountMax, of: part, 1...100_000,
        "Channels that one account follows."),
      Self(
        "rules.waitlistOfferMinutes", \.waitlistOfferMinutes, of: part, 1...10_080,
        "Minutes that a unit is held for whoever is first in a waitlist."),
      Self(
        "rules.waitlistLengthMax", \.waitlistLengthMax, of: part, 1...100_000, "Open wishes for one sold-out variant."),
      Self("rules.waitlistPerBuyerMax", \.waitlistPerBuyerMax, of: part, 1...1_000, "Open wishes of one buyer."),
      Self(
        "rules.preorderUnitsMax", \.preorderUnitsMax, of: part, 1...1_000_000, "Units that one preorder may take."),
      Self(
        "rules.preorderDaysMax", \.preorderDaysMax, of: part, 1...3_650,
        "Days ahead at most that the goods of a preorder may be expected."),
      Self("rules.waitlistDays", \.waitlistDays, of: part, 1...3_650, "Days that a wish waits."),
      Self(
        "rules.couponClaimsMax", \.couponClaimsMax, of: part, 1...1_000_000_000, "Orders that one coupon is for."),
      Self("rules.couponsPerChannelMax", \.couponsPerChannelMax, of: part, 1...100_000, "Coupons of one channel."),
      Self(
        "rules.spendLimitRaiseHours", \.spendLimitRaiseHours, of: part, 0...720,
        "Hours a buyer waits for a higher limit on their own spending."),
      Self(
        "rules.settleHours", \.settleHours, of: part, 0...8_760,
        "Hours from an order's delivery until its seller's money is released."),
      Self(
        "rules.cancelMinutes", \.cancelMinutes, of: part, 0...43_200,
        "Minutes after its payment that a buyer can cancel an order at once; later the seller is asked."),
      Self(
        "rules.returnDays", \.returnDays, of: part, 0...365,
        "Days after its arrival that a buyer can ask to send something back; 0 takes nothing back."),
      Self(
        "rules.answerDays", \.answerDays, of: part, 1...60,
        "Days a seller has to answer: then an order asked to be cancelled is, and of a return the operator is asked."),
      Self(
        "rules.payoutDays", \.payoutDays, of: part, 0...366,
        "Days between two payouts that Haat prepares for somebody; 0 leaves them to the operator."),
      Self(
        "rules.payoutMinimumMinor", \.payoutMinimumMinor, of: part, 1...1_000_000_000,
        "What is less than so many minor units waits for more before it is paid out."),
      Self(
        "rules.payoutChangeHours", \.payoutChangeHours, of: part, 0...8_760,
        "Hours that a bank account which was changed is not paid to."),
      Self(
        "rules.mailAttemptsMax", \.mailAttemptsMax, of: part, 1...100,
        "How often a mail is tried before it is given up."),
      Self(
        "rules.mailBackoffSecondsMax", \.mailBackoffSecondsMax, of: part, 60...86_400,
        "Longest wait between two attempts to send a mail; the first is a minute, each later one twice as long."),
      Self(
        "rules.mailRepeatsMax", \.mailRepeatsMax, of: part, 0...1_000,
        "How often the seller or the operator may send one mail again."),
      Self("rules.mailDays", \.mailDays, of: part, 1...3650, "Days it is kept that a mail was sent, or was not."),
      Self(
        "rules.webhookAgeSeconds", \.webhookAgeSeconds, of: part, 1...30_000,
        "A webhook's signature may be this much older or newer than now."),
      Self(
        "rules.webhookBytesMax", \.webhookBytesMax, of: part, 1...26_214_400, "Bytes of a payment provider's webhook."),
      Self(
        "rules.providerEventDays", \.providerEventDays, of: part, 7...3650,
        "Days a payment provider's webhook is kept, to know its repetitions."),
      Self(
        "rules.sandboxMethodHours", \.sandboxMethodHours, of: part, 1...8760,
        "Hours the sandbox knows the name of a test card."),
      Self(
        "rules.idempotencyKeyBytesMax", \.idempotencyKeyBytesMax, of: part, 1...20_000, "Bytes of an Idempotency-Key."),
      Self(
        "rules.idempotencyHours", \.idempotencyHours, of: part, 1...2_400, "Hours an Idempotency-Key is remembered."),
      Self(
        "rules.idempotencyInFlightSeconds", \.idempotencyInFlightSeconds, of: part, 1...6_000,
        "Seconds after which an unanswered Idempotency-Key is taken to belong to a process that died."),
    ]
  }()
}
