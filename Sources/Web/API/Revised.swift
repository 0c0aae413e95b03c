import Commerce
import HTTPTypes
import Hummingbird

/// An answer that tells which state of a thing it shows: a change sent with it as `If-Match` is refused when somebody else
/// changed the thing in between.
///
/// The tag is of what can be edited. What moves by itself beside it, such as the stock, does not change it: these answers
/// are never cached, so nothing else goes by the tag.
protocol Revised {
  var revision: Revision { get }
}

extension CommerceChannel: Revised {}

/// What the rules call them; the API has types of these names itself.
typealias CommerceProductChange = ProductChange
typealias CommerceShowChange = ShowChange
typealias CommerceChannelChange = ChannelChange

extension Response {
  /// With its `ETag`, where it has one.
  func tagged(_ given: some Sendable) -> Response {
    guard let revision = (given as? any Revised)?.revision else { return self }
    var response = self
    response.headers[.eTag] = "\"\(revision)\""
    return response
  }
}
