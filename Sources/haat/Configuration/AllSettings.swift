import Commerce
import Media
import Post
import Web

extension Setting {
  /// Every setting there is, in the order of the README's table.
  static let all: [Setting] =
    own + Tunable<MediaConfiguration>.all.map(\.setting) + Tunable<RecordingConfiguration>.all.map(\.setting)
    + Tunable<PosterConfiguration>.all.map(\.setting) + Tunable<WebLimits>.all.map(\.setting)
    + Tunable<Policy>.all.map(\.setting) + Tunable<BackupConfiguration>.all.map(\.setting)

  /// Where things are and how they are reached; the rest are limits.
  static let own: [Setting] = [
    Setting(
      key: "data.directory", kind: .text(maxBytes: 1024), fallback: "haat-data",
      help: "Where the SQLite file, secrets and uploads live."),
    Setting(
      key: "database.url", kind: .text(maxBytes: 1024), fallback: "",
      help: "postgres://user:password@host/name for PostgreSQL; empty for SQLite in the data directory.", isSecret: true
    ),
    Setting(
      key: "backups.directory", kind: .text(maxBytes: 1024), fallback: "",
      help: "Where backups of the database are kept; empty for backups/ in the data directory. Better another disk."),
    Setting(
      key: "http.host", kind: .text(maxBytes: 255), fallback: "0.0.0.0", help: "Address the web server listens on."),
    Setting(
      key: "http.port", kind: .integer(0...65535), fallback: "8080",
      help: "Port of the web server; 0 lets the system choose one."),
    Setting(
      key: "public.url", kind: .text(maxBytes: 255), fallback: "",
      help: "How browsers reach this server, for links; empty for http://localhost and the port."),
    Setting(
      key: "https.port", kind: .integer(0...65535), fallback: "8443",
      help: "Port of the web server over TLS, with HTTP/2, when there is a certificate; 0 lets the system choose one."),
    Setting(
      key: "https.certificate", kind: .text(maxBytes: 1024), fallback: "",
      help: "PEM file with the certificate chain for HTTPS; empty when a proxy in front does it, or nobody."),
    Setting(
      key: "https.key", kind: .text(maxBytes: 1024), fallback: "", help: "PEM file with that certificate's private key."
    ),
    Setting(
      key: "http.behindProxy", kind: .flag, fallback: "false",
      help: "A proxy of your own stands in front and sets X-Forwarded-For: count callers by its last address."),
    Setting(key: "rtmp.host", kind: .text(maxBytes: 255), fallback: "0.0.0.0", help: "Address encoders connect to."),
    Setting(
      key: "rtmp.port", kind: .integer(0...65535), fallback: "1935",
      help: "Port encoders connect to; 0 lets the system choose one."),
    Setting(
      key: "rtmp.url", kind: .text(maxBytes: 255), fallback: "",
      help: "How encoders reach this server, shown in the studio; empty for rtmp://<host of public.url>:<port>/live."),
    Setting(
      key: "rtmp.takeover", kind: .choice(MediaConfiguration.Takeover.allCases.map(\.rawValue)),
      fallback: MediaConfiguration().takeover.rawValue,
      help: "Whether a second encoder with the same key replaces the first: always, once the first has been silent for "
        + "media.silenceSeconds, or never."),
    Setting(
      key: "rtmps.port", kind: .integer(0...65535), fallback: "1936",
      help: "Port encoders connect to over TLS, when there is a certificate; 0 lets the system choose one."),
    Setting(
      key: "rtmps.certificate", kind: .text(maxBytes: 1024), fallback: "",
      help: "PEM file with the certificate chain for RTMPS; empty for no RTMPS."),
    Setting(
      key: "rtmps.key", kind: .text(maxBytes: 1024), fallback: "", help: "PEM file with that certificate's private key."
    ),
    Setting(
      key: "srt.ports", kind: .ports(countMax: 1_000), fallback: "",
      help: "UDP ports for SRT, one for each show that takes it; empty for no SRT. They are bound on rtmp.host."),
    Setting(
      key: "srt.host", kind: .text(maxBytes: 255), fallback: "",
      help: "How encoders reach this server by SRT, shown in the studio; empty for the host of public.url."),
    Setting(
      key: "ladder.rungs", kind: .ladder, fallback: "",
      help: "Smaller pictures that ffmpeg makes of every show on air; each costs a fifth of a processor or more."),
    Setting(
      key: "simulcast.privateAddresses", kind: .flag, fallback: "false",
      help: "Let shows be pushed on to servers in private networks and on this machine; sellers name the addresses."),
    Setting(
      key: "simulcast.authorities", kind: .text(maxBytes: 1024), fallback: "",
      help: "PEM file with authorities of your own, whose certificates RTMPS targets may have; empty for none."),
    Setting(
      key: "webhooks.privateAddresses", kind: .flag, fallback: "false",
      help:
        "Let webhooks lead into private networks and to this machine, over http as well; sellers name the addresses."),
    Setting(
      key: "webhooks.authorities", kind: .text(maxBytes: 1024), fallback: "",
      help: "PEM file with authorities of your own, whose certificates webhooks may have; empty for none."),
    Setting(
      key: "mail.from", kind: .text(maxBytes: 500), fallback: "",
      help:
        "From whom buyers' mail comes: an address, or a name and an address such as Haat <orders@example.com>; empty "
        + "for orders@ and the host of public.url. The seller's name stands in front."),
    Setting(
      key: "mail.smtp.host", kind: .text(maxBytes: 255), fallback: "",
      help: "The mail server that buyers' mail is handed to; empty to write each mail as a file into mail/ in the data "
        + "directory."),
    Setting(
      key: "mail.smtp.port", kind: .integer(1...65535), fallback: "587",
      help: "Its port: usually 587 with starttls, 465 with tls, 25 with none."),
    Setting(
      key: "mail.smtp.security", kind: .choice(SMTPServer.Security.allCases.map(\.rawValue)),
      fallback: SMTPServer.Security.starttls.rawValue,
      help: "How the connection is encrypted: starttls and tls say nothing without a certificate that holds; none says "
        + "all in the clear."),
    Setting(
      key: "mail.smtp.user", kind: .text(maxBytes: 255), fallback: "",
      help: "The name to sign in with; empty for a server that asks for none."),
    Setting(
      key: "mail.smtp.password", kind: .text(maxBytes: 1024), fallback: "", help: "The password that belongs to it.",
      isSecret: true),
    Setting(
      key: "mail.smtp.authorities", kind: .text(maxBytes: 1024), fallback: "",
      help: "PEM file with authorities of your own, whose certificates the mail server may have; empty for none."),
    Setting(
      key: "mail.smtp.connections", kind: .integer(1...32), fallback: "2",
      help: "Connections to the mail server at once, a mail over each."),
    Setting(
      key: "log.level", kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
      fallback: "info", help: "How much the log says."),
    Setting(
      key: "channels.admission", kind: .choice(Admission.allCases.map(\.rawValue)),
      fallback: Policy().admission.rawValue,
      help: "How channels get into a new market: open lets them in at once, application waits for the operator, invite "
        + "needs an invitation. Each market has a policy of its own from then on, on the operator's page."),
    Setting(
      key: "embed.sites", kind: .sites, fallback: "*",
      help: "Whose pages may show a show in a frame that names no partner; a partner's frames are held by the sites on "
        + "its own list. See docs/embed.md."),
    Setting(
      key: "payments.provider", kind: .choice(["sandbox", "stripe", "razorpay", "none"]), fallback: "sandbox",
      help: "Who takes new payments: the built-in sandbox takes only test card numbers and moves no money. See "
        + "docs/payments.md."),
    Setting(
      key: "payments.connect", kind: .flag, fallback: "false",
      help:
        "Whether sellers and partners may be paid through accounts of their own at payments.provider (Stripe Connect, "
        + "Razorpay Route), instead of by files for a bank."),
    Setting(
      key: "payments.stripe.secretKey", kind: .text(maxBytes: 255), fallback: "",
      help: "Stripe's secret key, sk_… or rk_…. Payments made with it can be refunded whoever takes new ones.",
      isSecret: true),
    Setting(
      key: "payments.stripe.publishableKey", kind: .text(maxBytes: 255), fallback: "",
      help: "The publishable key of the same account and mode, pk_…; browsers get it."),
    Setting(
      key: "payments.stripe.webhookSecrets", kind: .text(maxBytes: 512), fallback: "",
      help: "The secret of Stripe's webhook endpoint, whsec_…; two with a comma between while it is changed.",
      isSecret: true),
    Setting(
      key: "payments.stripe.apiBase", kind: .text(maxBytes: 255), fallback: StripeSettings.apiBase,
      help: "Where Stripe's API is; another address is for trying a stand-in, and pages then load its script."),
    Setting(
      key: "payments.razorpay.keyId", kind: .text(maxBytes: 255), fallback: "",
      help:
        "The id of Razorpay's key, rzp_…: buyers pay by UPI. Payments made with it can be refunded whoever takes new "
        + "ones."),
    Setting(
      key: "payments.razorpay.keySecret", kind: .text(maxBytes: 255), fallback: "", help: "That key's secret.",
      isSecret: true),
    Setting(
      key: "payments.razorpay.webhookSecrets", kind: .text(maxBytes: 512), fallback: "",
      help:
        "The secret you gave Razorpay's webhook, of letters, digits and signs but no comma; two with a comma between "
        + "while it is changed.", isSecret: true),
    Setting(
      key: "payments.razorpay.apiBase", kind: .text(maxBytes: 255), fallback: RazorpaySettings.apiBase,
      help: "Where Razorpay's API is; another address is for trying a stand-in."),
  ]
}
