/// Every limit and duration of the rules, in one place. A refusal that meets one names the field and the limit.
///
/// “Characters” are grapheme clusters, what a person counts; a text may also take at most `bytesPerCharacterMax` bytes
/// of UTF-8 for each of them.
public struct Policy: Sendable {
  public init() {}

  // MARK: Text and lists

  public var bytesPerCharacterMax = 20
  /// Marks in a row on one letter; more are dropped.
  public var combiningMarksMax = 5
  public var pageLimitMax = 100
  /// How far the time in an id that a caller made for something new may be from now, either way. A week forgives a
  /// clock that is set wrong, and one that is further off finds no certificate valid.
  public var idHours: Int64 = 168

  // MARK: People

  public var emailBytesMax = 254
  public var nameCharactersMax = 80
  public var passwordCharactersMin = 10
  public var passwordBytesMax = 1024
  /// scrypt's cost N (a power of two); with r = 8 one hash takes N KiB of memory.
  public var scryptRounds = 131_072
  public var scryptBlockSize = 8
  public var scryptParallelism = 1
  /// Hashes computed at once, and those that may wait: beyond, a sign-in is refused as limited.
  public var scryptAtOnceMax = 2
  public var scryptWaitingMax = 16
  /// Sign-in attempts from one address, and for one e-mail address: a burst, then one each so many seconds.
  public var signInBurst = 10
  public var signInAddressSeconds: Int64 = 6
  public var signInEmailSeconds: Int64 = 30
  /// A sign-in ends after this, however much it is used.
  public var sessionSeconds: Int64 = 30 * 86_400
  /// A token older than this is replaced at its next use; the old one then lives on for the grace, because a browser
  /// has several requests under way.
  public var sessionRotationSeconds: Int64 = 86_400
  public var sessionGraceSeconds: Int64 = 60
  /// More sign-ins of one account end the oldest.
  public var sessionsPerAccountMax = 20
  public var setupTokenSeconds: Int64 = 86_400
  public var apiKeysPerAccountMax = 20

  // MARK: Channels and markets

  /// How channels get into a market that has just been made; from then on it has a policy of its own.
  public var admission = Admission.open
  public var handleCharactersMin = 3
  public var handleCharactersMax = 30
  public var aboutCharactersMax = 2000
  public var channelsPerAccountMax = 20
  public var membersPerChannelMax = 50
  public var marketsMax = 250
  /// What is said in an application, or an appeal.
  public let applicationCharactersMax = 2_000
  /// Of a channel's history, on a page.
  public let admissionEventsShownMax = 100
  public let openInvitationsMax = 500
  public let invitationUsesMax: Int64 = 1_000
  public let invitationDaysMax: Int64 = 365
  /// Commission plans that have not ended.
  public let commissionPlansMax = 200
  /// Affiliate terms of one channel that have not ended.
  public let affiliateTermsMax = 200
  public var languagesPerMarketMax = 10
  public let shippingStepsMax = 20
  /// Beside the standard one.
  public let taxClassesMax = 10
  public let taxClassCharactersMax = 30
  /// What a parcel may weigh in a shipping table, and a unit of a variant.
  public let parcelGramsMax: Int64 = 1_000_000

  // MARK: Partners

  /// Partners that have not ended.
  public var partnersMax = 1_000
  public let sitesPerPartnerMax = 20
  public let membersPerPartnerMax = 20
  public let keysPerPartnerMax = 20
  public let termsPerPartnerMax = 200
  /// How long after the last link of a partner's an order is theirs.
  public let attributionHours: Int64 = 24
  /// Whose pages may hold a frame that counts for no partner.
  public var embedSites = EmbedSites.anyone

  // MARK: Catalogue

  public var titleCharactersMax = 200
  public let categoryCharactersMax = 200
  public var descriptionCharactersMax = 10_000
  public var productsPerChannelMax = 50_000
  public var optionsPerProductMax = 3
  public var variantsPerProductMax = 100
  public var optionCharactersMax = 60
  public var skuCharactersMax = 60
  public var picturesPerProductMax = 10
  public var pictureBytesMax = 10 * 1024 * 1024
  public var picturePixelsPerSideMax: Int64 = 16_384
  /// Of one picture, in all: what a phone's camera makes, and more.
  public var picturePixelsMax: Int64 = 64_000_000
  public var altCharactersMax = 300
  /// Units of one variant on hand.
  public var onHandMax: Int64 = 1_000_000_000
  public var stockNoteCharactersMax = 200
  public var importBytesMax = 16 * 1024 * 1024
  public var importRowsMax = 50_000
  public var importProductsMax = 50_000
  /// Imports of one channel that are not over.
  public var openImportsPerChannelMax = 5
  /// How long an import and its report are kept; one that was not confirmed by then is gone with its file.
  public var importDays: Int64 = 14

  // MARK: Shows and chat

  public var productsPerRunMax = 200
  public var marketsPerShowMax = 50
  /// How far ahead a show may be scheduled.
  public var scheduleAheadSeconds: Int64 = 366 * 86_400
  public var openShowsPerChannelMax = 200
  public var messageCharactersMax = 300
  public var guestNameCharactersMax = 40
  public var recentMessages = 50
  /// What a moderator adds to a reason.
  public let chatNoteCharactersMax = 200
  public let chatMuteMinutesMax: Int64 = 1_440
  public let chatWordsMax = 300
  public let chatWordCharactersMax = 60
  /// What waits for a moderator, of one channel and of one speaker in a show.
  public let chatHeldMax: Int64 = 500
  public let chatHeldPerSpeakerMax: Int64 = 5
  /// Questions that are not answered, of one viewer and of all in a show.
  public let chatQuestionsPerSpeakerMax: Int64 = 3
  public let chatQuestionsMax: Int64 = 500
  /// From so many reports on, moderators are shown a message first.
  public let chatReportsFirst: Int64 = 3
  /// How long it is known from which browser something was said.
  public let chatVisitorDays: Int64 = 30
  /// Of a channel's log, in one file.
  public let chatLogRowsMax = 10_000
  /// Timeline rows numbered in one transaction.
  public var numberingBatch = 256

  /// Other servers that one show's stream may be pushed on to.
  /// UDP ports that shows get for SRT, one each; nil when SRT is not offered.
  public var srtPorts: ClosedRange<Int>?
  public var simulcastTargetsPerShowMax = 5
  public var simulcastKeyBytesMax = 500

  // MARK: Giveaways

  public let giveawayWinnersMax: Int64 = 20
  public let giveawaySecondsMin: Int64 = 30
  public let giveawaySecondsMax: Int64 = 1_800
  public let giveawaysPerShowMax = 100
  public let giveawayPrizeCharactersMax = 200
  public let giveawayKeywordCharactersMax = 40
  public let giveawayWordCharactersMax = 100
  public let giveawayAddressCharactersMax = 400
  /// How much shorter than its time what has to be watched is at least.
  public let giveawayWatchSlackSeconds: Int64 = 15
  /// A longer silence of somebody who watches is not counted as watching.
  public let giveawayBeatSecondsMax: Int64 = 60
  public var giveawayEntrantsMax: Int64 = 100_000
  /// Guests of one network address in one giveaway: a browser can be made another guest in a moment. Who is signed in is
  /// not counted.
  public var giveawayGuestsPerAddressMax: Int64 = 50
  /// How long after its list was closed a giveaway is drawn by itself.
  public var giveawayDrawSeconds: Int64 = 600
  public var giveawayClaimHours: Int64 = 72
  /// How long after the draw it is known who took part.
  public var giveawayEntrantDays: Int64 = 30

  // MARK: Reminders

  /// How long before its start those are told of a show who asked to be reminded.
  public let reminderAheadSeconds: Int64 = 900
  /// Reminders of one address or browser.
  public let remindersPerRecipientMax: Int64 = 100
  /// Reminders from one network address that guests have not confirmed.
  public let remindersUnconfirmedPerAddressMax: Int64 = 50
  /// Reminders in browsers from one network address of who is not signed in: many viewers share a mobile network's.
  public let remindersByPushPerAddressMax: Int64 = 500
  /// How often a message for a browser is tried before it is given up.
  public let pushAttemptsMax: Int64 = 8
  /// How often an address is asked whether it wants one reminder, and any in a day.
  public let reminderConfirmationsMax: Int64 = 3
  public let reminderQuestionsPerDayMax: Int64 = 5
  public let reminderConfirmHours: Int64 = 48

  // MARK: Webhooks

  public let webhooksPerOwnerMax = 10
  /// For how long one may take nothing before nothing is sent to it any more.
  public let webhookBrokenDays: Int64 = 5
  /// For how long what was sent can be read, and sent again.
  public let webhookDays: Int64 = 30

  // MARK: Ratings

  /// A rating's text, and an answer's.
  public let ratingCharactersMax = 500
  /// So long after its parcel was sent an order can be rated though nobody said that it arrived.
  public let ratingAfterDays: Int64 = 10
  /// So long after it was paid, and so long after it was given a rating may be changed.
  public let ratingDays: Int64 = 120
  public let ratingChangeDays: Int64 = 30

  // MARK: Polls and banners

  public let pollQuestionCharactersMax = 140
  public let pollAnswerCharactersMax = 60
  public let pollAnswers: ClosedRange<Int> = 2...6
  public let pollSeconds: ClosedRange<Int64> = 10...600
  public let pollsPerShowMax = 100
  /// For those whose picture is behind.
  public let pollGraceSeconds: Int64 = 3
  /// Guests of one network address in one poll; who is signed in is not counted.
  public var pollGuestsPerAddressMax: Int64 = 50
  /// How long after a poll it is known who voted for what.
  public let pollVoiceSeconds: Int64 = 86_400
  public let bannerCharactersMax = 120
  public let bannerSeconds: ClosedRange<Int64> = 5...900
  public let countdownSeconds: ClosedRange<Int64> = 5...86_400
  public let bannersPerShowMax = 500
  // MARK: Claims

  public let claimWordCharactersMax = 40
  public let claimWordsMax = 30
  public let claimHoldMinutesMax: Int64 = 120
  /// Comments of one buyer in a show that hold something.
  public let claimsPerBuyerMax: Int64 = 20
  /// Units that guests' comments hold from one network address: a browser can be made another guest in a moment. Who is
  /// signed in is not counted.
  public var claimUnitsPerAddressMax: Int64 = 50
  /// How long after it was over it is known who claimed what.
  public let claimDays: Int64 = 30

  // MARK: Auctions

  public var auctionSecondsMin: Int64 = 15
  public var auctionSecondsMax: Int64 = 600
  /// A bid in so many last seconds puts the end so many seconds from then, but all of them together no more than this.
  public var auctionLateSeconds: Int64 = 10
  public var auctionExtensionSecondsMax: Int64 = 600
  public let auctionsPerShowMax = 100
  public var auctionBidsMax: Int64 = 10_000
  /// Bids of one buyer in one auction, in so many seconds.
  public var auctionBidsPerBuyerMax = 10
  public let auctionBidsSeconds: Int64 = 10
  /// How long whoever's card was not charged may pay themselves, before it is the next one's turn.
  public var auctionPaymentMinutes: Int64 = 10
  /// Whose turn it is after the winner's, each once.
  public var auctionRunnersUpMax = 2

  // MARK: Recordings

  /// Days a recording is kept where its channel says nothing else; 0 keeps it.
  public var recordingDays: Int64 = 90
  public var recordingDaysMax: Int64 = 3650
  public let clipsPerShowMax = 50
  /// How often the file of a clip is tried to be made.
  public let clipTriesMax: Int64 = 3

  // MARK: Search

  /// Words kept of one product or show; of more, the later ones are not found.
  public let searchWordsMax = 300
  /// Words looked for at once; of more, some are not heeded.
  public let searchTermsMax = 6
  public let searchBytesMax = 400

  // MARK: Buying

  public var bagLinesMax = 50
  public var bagSellersMax = 10
  public var savedAddressesMax = 20
  public var savedCardsMax = 10
  /// Tries of one account to save a card without a payment.
  public var cardSetupsPerHourMax = 10
  public var quantityMax: Int64 = 99
  /// What a limit on the units of an order, or a buyer, may be.
  public let unitLimitMax: Int64 = 1_000_000
  /// How long stock is held for an unpaid order.
  public var reservationMinutes: Int64 = 10
  /// How long after it closed an offer a viewer saw is still honoured.
  public var offerGraceSeconds: Int64 = 15
  public var dealCountdownSecondsMax: Int64 = 300
  public var dealSecondsMin: Int64 = 60
  public var dealSecondsMax: Int64 = 1200
  public var dealUnitsMax: Int64 = 1_000_000
  /// A deal has to be below the lowest price of so many days (Directive 98/6/EC, Article 6a: at least 30), unless the
  /// operator says that being below today's is enough. Its page shows that lowest price either way.
  public let dealLowestDays: Int64 = 30
  public var dealsUndercutLowest = true
  /// How long after a deal's end it is known who has taken how much of it: longer than an order may wait for payment.
  public var dealBuyerSeconds: Int64 = 86_400
  /// How long a buyer who wants a higher limit on their own spending waits for it.
  public var spendLimitRaiseHours: Int64 = 24
  /// A code as it is typed; one that is made has at most 20.
  public let couponCodeBytesMax = 100
  public var followsPerAccountMax: Int64 = 1_000
  /// For how long a unit is held for whoever is first in a waitlist.
  public var waitlistOfferMinutes: Int64 = 30
  /// Open wishes for one variant, and of one buyer.
  public var waitlistLengthMax: Int64 = 1_000
  public var waitlistPerBuyerMax: Int64 = 20
  /// Wishes from one network address that guests have not confirmed.
  public let waitlistGuestsPerAddressMax: Int64 = 50
  public let waitlistConfirmHours: Int64 = 24
  /// How often a guest is sent the link to confirm one wish.
  public let waitlistConfirmationsMax: Int64 = 3
  /// How long a wish waits.
  public var waitlistDays: Int64 = 90
  /// Units of one preorder, and how far ahead its goods may be expected.
  public var preorderUnitsMax: Int64 = 10_000
  public var preorderDaysMax: Int64 = 730
  public var couponClaimsMax: Int64 = 1_000_000
  public var couponsPerChannelMax = 1_000
  /// Secrets that open one order: a repeated request gets a new one, because only hashes are kept.
  public var tokensPerOrderMax = 8
  public var paymentAttemptsMax = 20
  /// Orders that one buyer, and one network address, may have waiting for payment at once, and the units of one variant
  /// they may hold so. A family meets neither; someone who would empty a shelf without paying does. Many buyers share a
  /// mobile network's address, hence the larger numbers. 0 is no limit.
  public var openOrdersPerBuyerMax = 10
  public var openOrdersPerAddressMax = 200
  public var heldUnitsPerBuyerMax: Int64 = 99
  public var heldUnitsPerAddressMax: Int64 = 500
  /// Questions to a provider about one order that its page may cause: a burst, then one each so many seconds.
  public var refreshBurst = 5
  public var refreshSeconds: Int64 = 10
  public var refundsPerOrderMax = 20
  /// How long after its payment a buyer's cancellation is at once; later the seller is asked.
  public var cancelMinutes: Int64 = 30
  public let cancellationsPerOrderMax = 20
  /// How long after its arrival a buyer may ask to send something back; 0 takes nothing back.
  public var returnDays: Int64 = 7
  /// How long a seller has to answer: then what is asked to be cancelled is, and of a return the operator is asked.
  public var answerDays: Int64 = 3
  /// How long a buyer has to send what may be sent back, and a seller to say that it came.
  public let returnSendDays: Int64 = 14
  public let returnReceiveDays: Int64 = 14
  /// How long after a refusal a buyer may ask the operator.
  public let returnDisputeDays: Int64 = 14
  public let returnsPerOrderMax = 20
  public let returnNoteCharactersMax = 1_000
  /// How long a payment or refund may be open before its provider is asked what became of it, and asked again.
  public var reconcileSeconds: Int64 = 60
  /// A payment whose second step was not taken by then is given up.
  public var paymentAbandonedSeconds: Int64 = 86_400
  public var phoneCharactersMax = 30
  public var addressLineCharactersMax = 120
  public var postalCodeCharactersMax = 20
  public var reasonCharactersMax = 500
  public var trackingCharactersMax = 200
  /// Of a parcel's address at its carrier.
  public var linkCharactersMax = 500
  /// How long after its delivery an order is settled: its seller's money is released.
  public var settleHours: Int64 = 72

  // MARK: Payouts

  /// Days between two payouts to somebody; 0 leaves them to the operator.
  public var payoutDays: Int64 = 7
  /// What is less than this many minor units waits for more.
  public var payoutMinimumMinor: Int64 = 1_000
  /// How long a bank account that was changed is not paid to.
  public var payoutChangeHours: Int64 = 72
  public let payoutsPerFileMax = 5_000

  // MARK: Mail

  /// How often a mail is tried before it is given up: with the waits between, about two days.
  public var mailAttemptsMax: Int64 = 16
  /// The longest wait between two attempts.
  public var mailBackoffSecondsMax: Int64 = 6 * 3600
  /// A mail that was taken to be sent this long ago belongs to a process that died: longer than any delivery takes.
  public var mailLeaseSeconds: Int64 = 1200
  /// How often one mail may be asked for again.
  public var mailRepeatsMax: Int64 = 10
  /// How long it is kept that a mail was sent, or was not.
  public var mailDays: Int64 = 90
  /// Links in mail that open one guest's order; the oldest end.
  public var mailTokensPerOrderMax = 32

  // MARK: Providers and repeated requests

  /// A webhook's signature may be this much older or newer than now.
  public var webhookAgeSeconds: Int64 = 300
  public var webhookBytesMax = 256 * 1024
  /// How long a provider's webhook is kept once it was acted on: a repetition later than that is taken for news.
  public var providerEventDays: Int64 = 90
  /// How long the sandbox knows a card's name.
  public var sandboxMethodHours: Int64 = 48
  public var idempotencyKeyBytesMax = 200
  public var idempotencyHours: Int64 = 24
  /// A claim still unanswered after this belongs to a process that died.
  public var idempotencyInFlightSeconds: Int64 = 60
}
