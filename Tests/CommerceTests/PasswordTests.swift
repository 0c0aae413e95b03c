@testable import Commerce
import Store
import TestKit
import Testing

@Suite struct PasswordTests {
  @Test(arguments: Engine.allCases)
  func `a password made at a lower cost still opens after the cost was raised`(engine: Engine) async throws {
    let square = try await MarketSquare(engine)
    var policy = MarketSquare.policy
    policy.scryptRounds = 64
    policy.scryptBlockSize = 4
    let raised = Commerce(database: square.testDatabase.database, policy: policy, providers: .none)
    let signedIn = try await raised.signIn(
      email: MarketSquare.ownerEmail, password: MarketSquare.password, address: "192.0.2.1")
    #expect(signedIn.account.id == square.owner.account)
    _ = try await raised.makeAccount(raised.makeID(), email: "n@example.com", name: "N", password: "a long password")
    let kept = try await raised.database.read { db in
      try db.requireRow("SELECT password_hash FROM account WHERE email = 'n@example.com'").get(0, as: String.self)
    }
    #expect(kept.hasPrefix("$scrypt$ln=6,r=4,p=1$"))
  }

  @Test func `two ways of typing an accented letter are the same password`() async throws {
    let hashing = PasswordHashing(policy: MarketSquare.policy, entropy: SeededEntropy(seed: 1).entropy)
    let kept = try await hashing.hash("caf\u{E9} caf\u{E9}")
    #expect(try await hashing.verify("cafe\u{301} cafe\u{301}", against: kept))
    #expect(try await !hashing.verify("cafe cafe", against: kept))
    #expect(try await !hashing.verify("", against: kept))
    #expect(try await !hashing.verify("", against: nil))
  }

  @Test(arguments: [
    "", "$", "$$$$", "$scrypt$ln=4,r=8,p=1$AAAA", "$bcrypt$ln=4,r=8,p=1$AAAA$AAAA", "$scrypt$ln=63,r=8,p=1$AAAA$AAAA",
    "$scrypt$ln=4,r=0,p=1$AAAA$AAAA", "$scrypt$ln=4,r=8$AAAA$AAAA", "$scrypt$ln=4,r=8,p=1$***$AAAA",
    "$scrypt$ln=99999999999999999999,r=8,p=1$AAAA$AAAA",
  ])
  func `what is not a hash of ours opens nothing`(text: String) async throws {
    #expect(PasswordHash(text) == nil)
    let hashing = PasswordHashing(policy: MarketSquare.policy, entropy: .system)
    #expect(try await !hashing.verify("a long password", against: text))
  }

  @Test func `a hash is read as it was written`() throws {
    let hash = PasswordHash(
      cost: ScryptCost(rounds: 131_072, blockSize: 8, parallelism: 1), salt: Array(0..<16), key: Array(0..<32))
    #expect(PasswordHash(hash.text) == hash)
    #expect(hash.text.hasPrefix("$scrypt$ln=17,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$"))
  }
}
