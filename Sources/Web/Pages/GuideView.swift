import Commerce
import Hummingbird

/// A guide as the pages show it: `parts/guide.mustache`.
struct GuideView: Sendable {
  struct StepView: Sendable {
    let number: Int
    let title: String
    let text: String
    /// Nil where it is done later.
    let url: String?
    let isDone: Bool
    let isNext: Bool
    let actionText: String
  }

  /// Nil for one that is not to be dismissed.
  let name: String?
  let title: String
  let progressText: String
  let done: Int
  let count: Int
  let steps: [StepView]
  let returnPath: String

  /// Nil for one that is done, or was dismissed.
  init?(_ guide: Guide?, returnPath: String, _ words: Words, url: (Guide.Step) -> String?) {
    guard let guide, guide.isShown else { return nil }
    self.init(guide.kind, guide.name, guide.steps, returnPath: returnPath, words, url: url)
  }

  private init(
    _ kind: Guide.Kind, _ name: String?, _ states: [Guide.State], returnPath: String, _ words: Words,
    url: (Guide.Step) -> String?
  ) {
    self.name = name
    self.returnPath = returnPath
    title = words["guide.title_\(kind.rawValue)"]
    done = states.count { $0.isDone }
    count = states.count
    progressText = words["guide.progress", ["done": "\(done)", "count": "\(count)"]]
    let next = states.first { !$0.isDone }?.step
    steps = states.enumerated().map { index, state in
      let key = "\(kind.rawValue)_\(state.step.rawValue)"
      return StepView(
        number: index + 1, title: words["guide.\(key)"], text: words["guide.\(key)Text"], url: url(state.step),
        isDone: state.isDone, isNext: state.step == next, actionText: words["guide.\(key)Do"])
    }
  }

  /// Who has no channel yet is at the first step of a seller's.
  static func beforeChannel(_ words: Words) -> GuideView {
    let steps: [Guide.Step] = [.channel, .product, .payoutAccount, .show, .live, .sale]
    return GuideView(
      .seller, nil, steps.map { Guide.State(step: $0, isDone: false) }, returnPath: "/studio", words
    ) { $0 == .channel ? "#make" : nil }
  }

  /// `/guides`: the reader does not want to be led any more.
  static func dismiss(_ visit: Visit) async throws -> Response {
    let form = try await visit.form()
    try await visit.commerce.dismissGuide(form["guide"], by: visit.caller)
    return visit.redirect(Visit.safeReturn(form["return"]))
  }
}

extension Visit {
  /// The guide of a channel of the reader's.
  func guide(of channel: Channel, returnPath: String) async throws -> GuideView? {
    let studio = "/studio/\(channel.handle)"
    guard let guide = try await commerce.guide(of: channel.id, by: caller) else { return nil }
    let room = guide.show.map { "/studio/shows/\($0)" }
    return GuideView(guide, returnPath: returnPath, words) { step in
      switch step {
      case .product: "\(studio)/products/new"
      case .payoutAccount: "\(studio)/money"
      case .terms: "\(studio)/affiliates"
      case .show: "\(studio)/shows/new"
      case .products, .rehearsal, .live: room ?? "\(studio)/shows/new"
      case .sale: room ?? "\(studio)?tab=orders"
      default: studio
      }
    }
  }

  func operatorGuide() async throws -> GuideView? {
    let guide = try await commerce.operatorGuide(
      by: caller, hasMail: site.configuration.mail.server != nil, hasBackup: await !site.backups.all().isEmpty)
    return GuideView(guide, returnPath: "/operator", words) { step in
      switch step {
      case .market: "/operator#markets"
      case .payments: "/operator/status#checks"
      case .mail: "/operator/mails"
      case .commission: "/operator/plans"
      case .invite: "/operator/invitations"
      case .approve: "/operator/admission"
      case .backup: "/operator/backups"
      default: "/operator/books"
      }
    }
  }

  func guide(of partner: Partner) async throws -> GuideView? {
    let home = "/partner/\(partner.via)"
    return GuideView(try await commerce.guide(of: partner.id, by: caller), returnPath: home, words) { step in
      switch step {
      case .key: "\(home)/access"
      case .site, .snippet: "\(home)/embed"
      default: home
      }
    }
  }
}
