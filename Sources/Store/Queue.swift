/// First in, first out, at a constant price.
struct Queue<Element> {
  private var elements: [Element?] = []
  private var head = 0

  var count: Int { elements.count - head }

  mutating func append(_ element: Element) {
    elements.append(element)
  }

  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    elements[head] = nil
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 1024, head * 2 >= elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }

  mutating func popFirst(_ countMax: Int) -> [Element] {
    var popped: [Element] = []
    popped.reserveCapacity(Swift.min(count, countMax))
    while popped.count < countMax, let element = popFirst() { popped.append(element) }
    return popped
  }
}
