import Foundation

/// libFuzzer's door. `FUZZ_TARGET` says what the bytes are given to.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

private let target: Target = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let target = Target(rawValue: name) else {
    fatalError("FUZZ_TARGET is one of " + Target.allCases.map(\.rawValue).joined(separator: ", "))
  }
  return target
}()
