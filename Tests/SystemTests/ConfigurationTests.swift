import Commerce
import Foundation
import Post
import Testing
import Web

@testable import haat

@Suite struct ConfigurationTests {
  @Test func `a flag wins over the environment, the environment over the file, the file over the default`() throws {
    let file = try Self.file("http:\n  port: 1\nrtmp:\n  port: 2\nlog:\n  level: debug\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let settings = try Settings(
      arguments: ["--config", file.path, "--http-port=3"],
      environment: ["HAAT_HTTP_PORT": "4", "HAAT_RTMP_PORT": "5", "PATH": "/bin"])
    #expect(settings.integer("http.port") == 3)
    #expect(settings.integer("rtmp.port") == 5)
    #expect(settings.text("log.level") == "debug")
    #expect(settings.text("data.directory") == "haat-data")
  }

  @Test func `a wrong value in the file is named with its line`() throws {
    let file = try Self.file("# ours\nhttp:\n  port: eighty\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let problems = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: ["--config", file.path], environment: [:])
    }
    #expect(
      problems?.description
        == "\(file.path):3: “http.port”: “eighty” is not a whole number from 0 to 65535.")
  }

  @Test func `all that is wrong is said at once, with the nearest right word`() throws {
    let file = try Self.file("http:\n  prot: 80\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let problems = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: ["--config=\(file.path)", "--rtmp-prt", "1"], environment: ["HAAT_LOG_LEVEL": "loud"])
    }
    let text = try #require(problems?.description)
    #expect(text.contains("\(file.path):2: “http.prot” is no setting. Did you mean “http.port”."))
    #expect(text.contains("“--rtmp-prt” is no flag. Did you mean “--rtmp-port”."))
    #expect(text.contains("HAAT_LOG_LEVEL: “log.level”: “loud” is not one of trace"))
  }

  @Test func `a secret is not repeated when it is refused`() throws {
    let problems = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: [], environment: ["HAAT_DATABASE_URL": "hush" + String(repeating: "x", count: 2000)])
    }
    #expect(problems?.description.contains("hush") == false)
  }

  @Test func `Stripe's keys have to fit together, and are never repeated`() throws {
    let good = [
      "HAAT_PAYMENTS_PROVIDER": "stripe", "HAAT_PAYMENTS_STRIPE_SECRET_KEY": "sk_test_hush",
      "HAAT_PAYMENTS_STRIPE_PUBLISHABLE_KEY": "pk_test_shown",
      "HAAT_PAYMENTS_STRIPE_WEBHOOK_SECRETS": "whsec_hush, whsec_hush2",
    ]
    let settings = try Settings(arguments: [], environment: good)
    #expect(settings.stripe(publicURL: "https://haat.example")?.publishableKey == "pk_test_shown")
    #expect(try Settings(arguments: [], environment: [:]).stripe(publicURL: "") == nil)
    for (name, value, setting) in [
      ("SECRET_KEY", "", "secretKey"), ("SECRET_KEY", "hush_test", "secretKey"),
      ("SECRET_KEY", "sk_live_hush", "publishableKey"), ("PUBLISHABLE_KEY", "sk_test_hush", "publishableKey"),
      ("WEBHOOK_SECRETS", "", "webhookSecrets"), ("WEBHOOK_SECRETS", "hush", "webhookSecrets"),
      ("WEBHOOK_SECRETS", "whsec_hush,whsec_hush,whsec_hush", "webhookSecrets"),
      ("API_BASE", "http://stripe.example", "apiBase"), ("API_BASE", "https://stripe.example/v1", "apiBase"),
    ] {
      let environment = good.merging(["HAAT_PAYMENTS_STRIPE_\(name)": value]) { $1 }
      let problems = #expect(throws: ConfigurationProblems.self, "\(name)=\(value)") {
        try Settings(arguments: [], environment: environment)
      }
      #expect(problems?.description.contains("“payments.stripe.\(setting)”") == true, "\(name)=\(value)")
      #expect(problems?.description.contains("hush") == false)
    }
    let live = good.merging([
      "HAAT_PAYMENTS_STRIPE_SECRET_KEY": "rk_live_hush", "HAAT_PAYMENTS_STRIPE_PUBLISHABLE_KEY": "pk_live_shown",
    ]) { $1 }
    #expect(throws: ConfigurationProblems.self, "live without https") { try Settings(arguments: [], environment: live) }
    let secured = live.merging(["HAAT_PUBLIC_URL": "https://haat.example"]) { $1 }
    #expect(try Settings(arguments: [], environment: secured).text("payments.provider") == "stripe")
  }

  @Test func `Razorpay's keys have to be whole, and are never repeated`() throws {
    let good = [
      "HAAT_PAYMENTS_PROVIDER": "razorpay", "HAAT_PAYMENTS_RAZORPAY_KEY_ID": "rzp_test_shown",
      "HAAT_PAYMENTS_RAZORPAY_KEY_SECRET": "hush", "HAAT_PAYMENTS_RAZORPAY_WEBHOOK_SECRETS": "hush-hush, hush-hush2",
    ]
    let settings = try Settings(arguments: [], environment: good)
    #expect(settings.razorpay.map { "\($0)" } == "Razorpay (test mode)")
    #expect(try Settings(arguments: [], environment: [:]).razorpay == nil)
    for (name, value, setting) in [
      ("RAZORPAY_KEY_ID", "", "razorpay.keyId"), ("RAZORPAY_KEY_ID", "hush_test", "razorpay.keyId"),
      ("RAZORPAY_KEY_ID", "rzp_test_a:hush", "razorpay.keyId"), ("RAZORPAY_KEY_SECRET", "", "razorpay.keySecret"),
      ("RAZORPAY_KEY_SECRET", "hush hush", "razorpay.keySecret"),
      ("RAZORPAY_WEBHOOK_SECRETS", "", "razorpay.webhookSecrets"),
      ("RAZORPAY_WEBHOOK_SECRETS", "hush", "razorpay.webhookSecrets"),
      ("RAZORPAY_WEBHOOK_SECRETS", "hush-hush,hush-hush,hush-hush", "razorpay.webhookSecrets"),
      ("RAZORPAY_API_BASE", "http://razorpay.example", "razorpay.apiBase"),
    ] {
      let problems = #expect(throws: ConfigurationProblems.self, "\(name)=\(value)") {
        try Settings(arguments: [], environment: good.merging(["HAAT_PAYMENTS_\(name)": value]) { $1 })
      }
      #expect(problems?.description.contains("“payments.\(setting)”") == true, "\(name)=\(value)")
      #expect(problems?.description.contains("hush") == false)
    }
  }

  @Test func `nobody is paid through a provider that is none`() throws {
    for provider in ["sandbox", "none"] {
      let environment = ["HAAT_PAYMENTS_PROVIDER": provider, "HAAT_PAYMENTS_CONNECT": "true"]
      guard provider == "none" else {
        #expect(try Settings(arguments: [], environment: environment).flag("payments.connect"))
        continue
      }
      let problems = #expect(throws: ConfigurationProblems.self) {
        try Settings(arguments: [], environment: environment)
      }
      #expect(problems?.description.contains("“payments.connect”: payments.provider is none") == true)
    }
    let razorpay = [
      "HAAT_PAYMENTS_PROVIDER": "razorpay", "HAAT_PAYMENTS_RAZORPAY_KEY_ID": "rzp_test_shown",
      "HAAT_PAYMENTS_RAZORPAY_KEY_SECRET": "hush", "HAAT_PAYMENTS_RAZORPAY_WEBHOOK_SECRETS": "hush-hush",
      "HAAT_PAYMENTS_CONNECT": "true",
    ]
    #expect(try Settings(arguments: [], environment: razorpay).flag("payments.connect"))
  }

  @Test func `a bad certificate or key is named with the setting that names it`() throws {
    let file = try Self.file("rtmps:\n  certificate: /nowhere/cert.pem\n  key: /nowhere/key.pem\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let unread = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: ["--config", file.path], environment: [:])
    }
    #expect(
      unread?.description.hasPrefix(
        "\(file.path):2: “rtmps.certificate”: /nowhere/cert.pem cannot be read.") == true)
    let lonely = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: ["--rtmps-key", "key.pem"], environment: [:])
    }
    #expect(lonely?.description == "--rtmps-key: “rtmps.key”: there is no rtmps.certificate that belongs to it.")
    let empty = #expect(throws: ConfigurationProblems.self) {
      try Settings(arguments: ["--simulcast-authorities", "/dev/null"], environment: [:])
    }
    #expect(
      empty?.description
        == "--simulcast-authorities: “simulcast.authorities”: /dev/null holds no PEM certificate.")
  }

  @Test func `a mail server is set as a whole, and its password is shown to nobody`() async throws {
    let good = try Settings(
      arguments: [
        "--mail-smtp-host", "mail.example.com", "--mail-smtp-user", "asha", "--mail-from", "Haat <orders@haat.example>",
      ], environment: ["HAAT_MAIL_SMTP_PASSWORD": "hush-hush"])
    let mail = good.mail(ownName: "haat.example")
    #expect(mail.from == "orders@haat.example" && mail.fromName == "Haat" && mail.server?.password == "hush-hush")
    #expect(mail.server.map { "\($0)" } == "mail.example.com:587 (starttls)")
    #expect(try Settings(arguments: [], environment: [:]).mail(ownName: "a").server == nil)
    for (arguments, wrong) in [
      (["--mail-from", "Haat"], "“mail.from”: is no address"),
      (["--mail-from", "a <b@c>\r\nBcc: <d@e>"], "“mail.from”: is no address"),
      (["--mail-smtp-user", "asha"], "“mail.smtp.user”: there is no mail.smtp.password"),
      (["--mail-smtp-password", "hush-hush"], "“mail.smtp.password”: there is no mail.smtp.user"),
      (["--mail-smtp-host", "smtp://a"], "“mail.smtp.host”: is a name or an address alone"),
      (["--mail-smtp-security", "ssl"], "“mail.smtp.security”: “ssl” is not one of starttls, tls, none"),
      (["--mail-smtp-authorities", "/dev/null"], "“mail.smtp.authorities”: /dev/null holds no PEM certificate"),
      (
        [
          "--mail-smtp-host", "mail.example.com", "--mail-smtp-user", "a", "--mail-smtp-password", "hush-hush",
          "--mail-smtp-security", "none",
        ], "“mail.smtp.security”: would send the password in the clear"
      ),
    ] {
      let problems = #expect(throws: ConfigurationProblems.self) {
        try Settings(arguments: arguments, environment: [:])
      }
      #expect(problems?.description.contains(wrong) == true, "\(problems?.description ?? "")")
      #expect(problems?.description.contains("hush-hush") == false)
    }
    let shown = try await HaatProgram.run(
      ["config", "show", "--mail-smtp-user", "a", "--mail-smtp-password=hush-hush"],
      in: FileManager.default.temporaryDirectory)
    #expect(shown.output.contains("mail.smtp.password") && shown.output.contains("‹secret›"))
    #expect(!shown.output.contains("hush-hush"))
  }

  @Test func `every default is a value its own setting accepts`() {
    for setting in Setting.all { #expect(setting.accepts(setting.fallback), "\(setting.key)") }
  }

  @Test(arguments: [("README.md", Setting.own), ("docs/configuration.md", Setting.all)])
  func `the documents list the settings as they are`(file: String, settings: [Setting]) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
    #expect(text.contains(Setting.markdown(settings)), "run “haat config table” and copy it into \(file)")
  }

  @Test func `wrong usage ends with status 2 and one line`() async throws {
    let directory = FileManager.default.temporaryDirectory
    for arguments in [["serve", "--http-port", "eighty"], ["sell"], ["import"], ["config", "check", "--nonsense"]] {
      let (status, output) = try await HaatProgram.run(arguments, in: directory)
      #expect(status == 2, "\(arguments): \(output)")
      #expect(output.split(separator: "\n").count == 1, "\(output)")
    }
  }

  private static func file(_ text: String) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "haat-\(UUID().uuidString).yaml")
    try text.write(to: url, atomically: true, encoding: .utf8)
    return url
  }
}
