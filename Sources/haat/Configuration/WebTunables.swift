import Web

extension Tunable<WebLimits> {
  static let all: [Self] = {
    let part = WebLimits()
    return [
      Self("web.bodyBytes", \.bodyBytes, of: part, 1024...16_777_216, "Bytes of a JSON or form body."),
      Self("web.pictureBytes", \.pictureBytes, of: part, 65_536...67_108_864, "Bytes of one product picture."),
      Self("web.importBytes", \.importBytes, of: part, 65_536...268_435_456, "Bytes of a product CSV sent over HTTP."),
      Self("web.connections", \.connections, of: part, 16...1_000_000, "HTTP connections open at once."),
      Self("web.idleSeconds", \.idleSeconds, of: part, 5...3600, "Seconds a connection may be silent."),
      Self(
        "web.streamsPerAddress", \.streamsPerAddress, of: part, 1...1_000_000,
        "Event streams and endless video streams of one address."),
      Self(
        "web.roomHistory", \.roomHistory, of: part, 16...1_000_000,
        "Timeline events a room keeps in memory for viewers who reconnect."),
      Self(
        "web.chatPerSecond", \.chatPerSecond, of: part, 0...10_000,
        "Messages of a chat that a viewer is shown a second, beside the channel's and their own; 0 shows all."),
      Self(
        "web.chatAtOnce", \.chatAtOnce, of: part, 1...1_000,
        "Messages of chats that are written at once; others wait for their turn, so that no order waits for them."),
      Self(
        "web.chatRestMilliseconds", \.chatRestMilliseconds, of: part, 0...1_000,
        "How long nothing of a crowd's is written before the next who wait have their turn."),
      Self(
        "web.chatRefusedAfterMilliseconds", \.chatRefusedAfterMilliseconds, of: part, 0...10_000,
        "About how long whoever has said too much waits to be told so; they are not read from meanwhile."
      ),
      Self(
        "web.tickMilliseconds", \.tickMilliseconds, of: part, 10...1000,
        "Milliseconds of events that one write to a viewer carries."),
      Self(
        "web.heartbeatSeconds", \.heartbeatSeconds, of: part, 1...300,
        "Seconds between comments on a silent event stream."),
      Self(
        "web.unreadSeconds", \.unreadSeconds, of: part, 1...3600,
        "Seconds a viewer may refuse to read before its stream is closed; half a megabyte of a download may take as long."
      ),
      Self(
        "web.shutdownSeconds", \.shutdownSeconds, of: part, 1...60,
        "Seconds from the wish to stop until every connection is cut."),
      Self("web.signUpBurst", \.signUp.burst, of: part, 1...1_000_000, "New accounts at once from one address."),
      Self(
        "web.signUpPerMinute", \.signUp.perMinute, of: part, 1...1_000_000, "New accounts a minute from one address."),
      Self("web.ordersBurst", \.orders.burst, of: part, 1...100_000_000, "Orders at once from one address."),
      Self(
        "web.ordersPerMinute", \.orders.perMinute, of: part, 1...100_000_000, "Orders a minute from one address."),
      Self("web.chatBurst", \.chat.burst, of: part, 1...1_000_000, "Messages at once from one address."),
      Self("web.chatPerMinute", \.chat.perMinute, of: part, 1...1_000_000, "Messages a minute from one address."),
      Self("web.writesBurst", \.writes.burst, of: part, 1...100_000_000, "Other writes at once from one address."),
      Self(
        "web.writesPerMinute", \.writes.perMinute, of: part, 1...100_000_000, "Other writes a minute from one address."),
    ]
  }()
}
