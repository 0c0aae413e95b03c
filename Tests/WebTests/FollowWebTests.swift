import Commerce
import Foundation
import TestKit
import Testing

private typealias JSON = TestKit.JSON

/// Following over HTTP: the API, the pages without scripts, and a giveaway for those who follow.
@Suite(.timeLimit(.minutes(3))) struct FollowWebTests {
  private static let page = ["Accept": "text/html"]

  @Test func `a channel is followed and unfollowed, and its editors are not disturbed`() async throws {
    try await RunningWeb.run { web in
      let stranger = try await web.stranger
      let channel = "/api/v1/channels/lamps"
      let before = try await web.guest.get(channel)
      #expect(before.json["followers"] == 0 && before.json["isFollowed"] == false && before.json["handle"] == "lamps")
      #expect(try await web.guest.put("\(channel)/follow").status == 401)
      for _ in 0..<2 {
        let reply = try await stranger.put("\(channel)/follow")
        #expect(reply.status == 200 && reply.json["followers"] == 1 && reply.json["isFollowed"] == true)
      }
      let after = try await stranger.get(channel)
      #expect(after.json["followers"] == 1 && after.json["isFollowed"] == true)
      #expect(after.header("etag") == before.header("etag") && after.header("etag") != nil)
      let list = try await stranger.get("/api/v1/channels").json["items"].array
      #expect(list.first { $0["handle"] == "lamps" }?["isFollowed"] == true)
      let follows = try await stranger.get("/api/v1/follows?limit=1").json
      #expect(follows["items"][0]["channel"]["handle"] == "lamps" && follows["next"] == .null)
      #expect(try await stranger.get("/api/v1/follows?limit=0").status == 422)
      #expect(try await web.guest.get("/api/v1/follows").status == 401)
      #expect(try await stranger.delete("/api/v1/channels/\(web.square.channel.id)/follow").json["followers"] == 0)
      #expect(try await stranger.put("/api/v1/channels/nobody/follow").status == 404)
    }
  }

  @Test func `a viewer follows from the channel's page and unfollows from their account`() async throws {
    try await RunningWeb.run { web in
      let stranger = try await web.stranger
      #expect(try await web.guest.get("/@lamps", headers: Self.page).text.contains("/sign-in?return=%2F%40lamps"))
      #expect(try await web.guest.submit("/@lamps", ["do": "follow"]).status == 401)
      #expect(try await stranger.get("/account", headers: Self.page).text.contains("You follow no channel yet."))
      #expect(try await stranger.get("/@lamps", headers: Self.page).text.contains("value=\"follow\""))
      #expect(try await stranger.submit("/@lamps", ["do": "follow"]).status == 303)
      #expect(try await stranger.submit("/@lamps", ["do": "dance"]).status == 400)
      let page = try await stranger.get("/@lamps", headers: Self.page).text
      #expect(page.contains("1 follower<") && page.contains("value=\"unfollow\""))
      let owner = try await web.owner
      #expect(try await owner.get("/studio/lamps", headers: Self.page).text.contains("1 follower<"))
      #expect(try await !owner.get("/@lamps", headers: Self.page).text.contains("value=\"follow\""))
      #expect(try await stranger.get("/account", headers: Self.page).text.contains("href=\"/@lamps\""))
      let gone = try await stranger.submit("/account", ["do": "unfollow", "channel": "\(web.square.channel.id)"])
      #expect(gone.status == 303)
      #expect(try await stranger.get("/@lamps", headers: Self.page).text.contains("0 followers<"))
    }
  }

  @Test func `whoever follows takes part in a giveaway, also without scripts`() async throws {
    try await RunningWeb.run { web in
      let show = "/api/v1/shows/\(web.square.show.id)/giveaways"
      let opened = try await web.owner.post(
        show, ["prize": "A brass lamp", "entry": "follow", "durationSeconds": 60, "winnersMax": 1])
      #expect(opened.status == 201 && opened.json["entry"] == "follow", "\(opened.text)")
      let id = opened.json["id"].string ?? ""
      let (path, stranger) = ("/api/v1/giveaways/\(id)", try await web.stranger)
      #expect(try await web.guest.post("\(path)/entry").status == 401)
      let no = try await stranger.post("\(path)/entry")
      #expect(no.status == 403 && no.code == "giveaway_not_following")
      #expect(try await stranger.get("\(path)/entry").json["isFollowing"] == false)
      #expect(
        try await web.guest.get("/giveaways/\(id)", headers: Self.page).text.contains("/sign-in?return=%2Fgiveaways%2F")
      )
      #expect(try await stranger.get("/giveaways/\(id)", headers: Self.page).text.contains("form=\"enter\""))
      #expect(try await stranger.submit("/giveaways/\(id)", ["do": "enter"]).status == 303)
      let page = try await stranger.get("/giveaways/\(id)", headers: Self.page).text
      #expect(page.contains("You are in. Your code is") && !page.contains("form=\"enter\""))
      let mine = try await stranger.post("\(path)/entry")
      #expect(mine.status == 200 && mine.json["isEntered"] == true && mine.json["isFollowing"] == true)
      #expect(try await web.guest.get(path).json["entrants"] == 1)
      #expect(try await web.guest.get("/api/v1/channels/lamps").json["followers"] == 1)
      let member = try await web.owner.submit("/giveaways/\(id)", ["do": "enter"])
      #expect(member.status == 403 && member.text.contains("role=\"alert\""))
      #expect(try await web.guest.get("/words/follow?lang=hi").json["follow"]["follow"].string?.isEmpty == false)
    }
  }
}
