internal import NIOCore

/// The plans that were used last, as many as fit `bytesMax`. Pure.
struct DownloadPlans {
  private let bytesMax: Int
  private var kept: [(id: String, plan: DownloadPlan)] = []

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  var bytes: Int { kept.reduce(0) { $0 + $1.plan.head.readableBytes } }

  /// The plan of an index with so many records, which counts as its latest use.
  mutating func plan(of id: String, records: Int) -> DownloadPlan? {
    guard let place = kept.firstIndex(where: { $0.id == id && $0.plan.records == records }) else { return nil }
    let found = kept.remove(at: place)
    kept.append(found)
    return found.plan
  }

  mutating func keep(_ plan: DownloadPlan, of id: String) {
    forget(id)
    guard plan.head.readableBytes <= bytesMax else { return }
    kept.append((id, plan))
    while bytes > bytesMax { kept.removeFirst() }
  }

  mutating func forget(_ id: String) { kept.removeAll { $0.id == id } }
}
