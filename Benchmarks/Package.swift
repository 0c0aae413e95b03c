// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "haat", path: ".."),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
  ],
  targets: [
    .executableTarget(
      name: "checkout-direct",
      dependencies: [
        .product(name: "Commerce", package: "haat"),
        .product(name: "Store", package: "haat"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources/CheckoutDirect")
  ]
)
