public import Foundation
import TestPrograms

/// Opens a headless Firefox with a profile of its own and closes it whatever the body does.
public func withFirefox<Result: Sendable>(_ body: (Firefox) async throws -> Result) async throws -> Result {
  let firefox = try await Firefox()
  do {
    let result = try await body(firefox)
    await firefox.quit()
    return result
  } catch {
    await firefox.quit()
    throw error
  }
}

/// A real Firefox with one window: as much of `Browser` as a test of the player needs. Debian: `firefox-esr`.
public final class Firefox: Sendable {
  private let process: FirefoxProcess
  private let marionette: Marionette

  init() async throws {
    let process = try FirefoxProcess()
    self.process = process
    do {
      marionette = try Marionette(port: try await process.port(seconds: 60))
      _ = try await marionette.ask(
        "WebDriver:NewSession", ["pageLoadStrategy": "normal", "timeouts": ["script": 20_000, "pageLoad": 30_000]])
    } catch {
      process.kill()
      throw error
    }
  }

  /// Loads a page and waits for its `load` event.
  public func open(_ url: String) async throws {
    _ = try await marionette.ask("WebDriver:Navigate", ["url": .string(url)])
  }

  /// Runs a function body in the page and gives what it returns.
  @discardableResult
  public func run(_ script: String) async throws -> JSON {
    try await marionette.ask("WebDriver:ExecuteScript", ["script": .string(script), "args": []])["value"]
  }

  /// Waits until a JavaScript expression is truthy, and gives its value. Looks again every 50 ms.
  @discardableResult
  public func wait(until expression: String, seconds: Int = Browser.patienceSeconds) async throws -> JSON {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      let value = try await run("const value = (\(expression)); return value ? { value } : null")
      if value != .null { return value["value"] }
      try await Task.sleep(for: .milliseconds(50))
    }
    let page = try? await run("return location.href + '\\n' + document.body.innerText")
    throw BrowserFault(
      "“\(expression)” did not come true in \(seconds) s on \(page?.string?.prefix(2000) ?? "a lost page")")
  }

  /// The view as a PNG.
  public func screenshot() async throws -> Data {
    let answer = try await marionette.ask("WebDriver:TakeScreenshot", ["full": false])
    guard let data = answer["value"].string.flatMap({ Data(base64Encoded: $0) }) else {
      throw BrowserFault("the screenshot was not base64")
    }
    return data
  }

  /// Not cancelled with the test: a browser must be closed even when the test ran out of time.
  func quit() async {
    await Task.detached { [marionette, process] in
      _ = try? await marionette.ask("Marionette:Quit", ["flags": ["eForceQuit"]])
      process.kill()
    }.value
  }
}

/// The program and its profile, both gone afterwards.
private final class FirefoxProcess: @unchecked Sendable {
  private let process = TestProcess()
  private let profile = FileManager.default.temporaryDirectory.appending(path: "haat-firefox-\(UUID().uuidString)")

  /// No first-run pages, no updates, no calls home; a page may play (without sound) as soon as it is there.
  private static let preferences = """
    user_pref("marionette.port", 0);
    user_pref("app.update.disabledForTesting", true);
    user_pref("browser.shell.checkDefaultBrowser", false);
    user_pref("browser.startup.page", 0);
    user_pref("datareporting.policy.dataSubmissionEnabled", false);
    user_pref("media.autoplay.default", 0);
    user_pref("network.captive-portal-service.enabled", false);
    user_pref("network.connectivity-service.enabled", false);
    user_pref("services.settings.server", "data:,");
    user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);

    """

  init() throws {
    try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: false)
    try Self.preferences.write(to: profile.appending(path: "user.js"), atomically: true, encoding: .utf8)
    guard let program = Self.program() else {
      throw BrowserFault("Firefox was not found in PATH: install Debian's firefox-esr")
    }
    process.executableURL = program
    process.arguments = ["--headless", "--marionette", "--no-remote", "--profile", profile.path]
    var environment = ProcessInfo.processInfo.environment
    // Caches and crash reports go away with the profile.
    environment["HOME"] = profile.path
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(at: profile) }

  /// The port that Firefox chose, which it writes into its profile once it listens.
  func port(seconds: Int) async throws -> UInt16 {
    let deadline = ContinuousClock.now + .seconds(seconds)
    let file = profile.appending(path: "MarionetteActivePort")
    while ContinuousClock.now < deadline, process.isRunning {
      if let text = try? String(contentsOf: file, encoding: .utf8), let port = UInt16(text) { return port }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw BrowserFault("Firefox did not say where it listens")
  }

  func kill() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  private static func program() -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    let folders = path.split(separator: ":").map { URL(fileURLWithPath: String($0)) }
    return ["firefox-esr", "firefox"].lazy
      .flatMap { name in folders.map { $0.appendingPathComponent(name) } }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
