import ArgumentParser

/// `haat serve`.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the server. On the first start it prints a one-time link for making the operator's account.",
    discussion: SettingsOptions.table)

  @OptionGroup var options: SettingsOptions

  func run() async throws {
    let house = try await House.open(try options.read())
    try await house.run([Greeting(house: house)])
  }
}
