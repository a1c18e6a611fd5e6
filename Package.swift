// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "perigee",
  products: [
    .executable(name: "perigee", targets: ["perigee"]),
    .executable(name: "fuzz", targets: ["Fuzzer"]),
    .library(name: "LuaHost", targets: ["LuaHost"]),
    .library(name: "PerigeeCore", targets: ["Tensors", "Interactions", "Ranking", "Evaluation", "Laboratory"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // System libraries and C, the ground the house stands on.
    .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CEditline", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLuaShim", dependencies: ["CLua"]),
    .target(name: "Kernels", exclude: ["README.md"], cSettings: [.headerSearchPath(".")]),

    // The floors, bottom to top. A target may import only what stands above its own line here.
    .target(name: "Platform", exclude: ["README.md"]),
    .target(name: "LuaHost", dependencies: ["CLua", "CLuaShim", "Platform"], exclude: ["README.md"]),
    .target(name: "Tensors", dependencies: ["Kernels", "COpenBLAS", "Platform"], exclude: ["README.md"]),
    .target(name: "Interactions", dependencies: ["Platform", "Tensors", "CZlib"], exclude: ["README.md"]),
    .target(
      name: "Ranking", dependencies: ["Platform", "Kernels", "Tensors", "Interactions"], exclude: ["README.md"]),
    .target(
      name: "Evaluation", dependencies: ["Platform", "Kernels", "Tensors", "Interactions", "Ranking"],
      exclude: ["README.md"]),
    .target(
      name: "Laboratory",
      dependencies: [
        "Platform", "Tensors", "Interactions", "Ranking", "Evaluation", "CZlib",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["README.md"]),
    .target(
      name: "LuaLibrary",
      dependencies: ["Platform", "LuaHost", "Tensors", "Interactions", "Ranking", "Evaluation", "Laboratory"],
      exclude: ["README.md"]),
    .executableTarget(
      name: "perigee",
      dependencies: [
        "LuaLibrary", "LuaHost", "Platform", "Tensors", "Interactions", "Laboratory", "CEditline",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], exclude: ["README.md"]),

    // Not shipped: it tries to break what stands above.
    .executableTarget(
      name: "Fuzzer",
      dependencies: [
        "LuaLibrary", "LuaHost", "Platform", "Interactions", "Tensors", "CZlib",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], exclude: ["README.md"]),

    .target(name: "TestSupport", dependencies: ["Platform"], path: "Tests/TestSupport"),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"]),
    .testTarget(name: "LuaHostTests", dependencies: ["LuaHost", "Platform", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "Platform", "TestSupport"]),
    .testTarget(name: "InteractionsTests", dependencies: ["Interactions", "Platform", "TestSupport"]),
    .testTarget(
      name: "RankingTests",
      dependencies: ["Ranking", "Interactions", "Tensors", "Kernels", "Platform", "TestSupport"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: ["Evaluation", "Ranking", "Interactions", "Tensors", "Kernels", "Platform"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "LaboratoryTests",
      dependencies: [
        "Laboratory", "Evaluation", "Ranking", "Interactions", "Tensors", "Platform", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(name: "LuaLibraryTests", dependencies: ["LuaLibrary", "Platform", "TestSupport"]),
    .testTarget(name: "FuzzerTests", dependencies: ["Fuzzer", "Platform", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
