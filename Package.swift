// swift-tools-version: 6.1
import PackageDescription

// Formatting style:
//  - one section per target, followed by its test target
//  - sections are in the order in which data flows
//  - dependencies are listed on separate lines, sorted

/// Whether this is a build for Tests/Fuzzing/run: every module is instrumented for libFuzzer.
let isFuzzing = Context.environment["FWLINT_FUZZ"] != nil

/// Settings of every Swift target: release builds inline and specialise across our own modules.
let settings: [SwiftSetting] =
  [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]
  + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

/// libFuzzer's driver around the targets of FuzzSupport; only then, as it links only with the sanitizer.
let fuzzers: [Target] =
  !isFuzzing
  ? []
  : [
    .target(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "CLibFuzzer",
        "FuzzSupport",
      ],
      path: "Tests/Fuzzing",
      exclude: ["run"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
      // gold falls over the debug information that the sanitizers make.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    ),
  ]

let package = Package(
  name: "fwlint",
  products: [
    .executable(name: "fwlint", targets: ["fwlint"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    // MARK: Bytes and positions

    .target(name: "SourceText", swiftSettings: settings),
    .testTarget(
      name: "SourceTextTests",
      dependencies: ["SourceText"]
    ),

    // MARK: YAML, by the system's libyaml

    .systemLibrary(
      name: "CYAML",
      pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"])]
    ),
    .target(
      name: "YAMLDocument",
      dependencies: [
        "CYAML",
        "SourceText",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "YAMLDocumentTests",
      dependencies: ["YAMLDocument"]
    ),

    // MARK: The packet-set algebra

    .target(name: "PacketSets", swiftSettings: settings),
    .testTarget(
      name: "PacketSetsTests",
      dependencies: ["PacketSets"]
    ),

    // MARK: Work on several cores

    .target(name: "Workers", swiftSettings: settings),

    // MARK: The normalised rule graph and what happens to packets in it

    .target(
      name: "RuleGraph",
      dependencies: [
        "PacketSets",
        "SourceText",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "RuleGraphTests",
      dependencies: ["RuleGraph"]
    ),

    .target(
      name: "Evaluation",
      dependencies: [
        "PacketSets",
        "RuleGraph",
        "SourceText",
        "Workers",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation",
        "IptablesSave",
        "Nftables",
      ]
    ),

    // MARK: Frontends, one per family of formats

    .target(
      name: "Nftables",
      dependencies: [
        "PacketSets",
        "RuleGraph",
        "SourceText",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "NftablesTests",
      dependencies: [
        "Evaluation",
        "Nftables",
      ]
    ),

    .target(
      name: "IptablesSave",
      dependencies: [
        "PacketSets",
        "RuleGraph",
        "SourceText",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "IptablesSaveTests",
      dependencies: [
        "ConformanceSupport",
        "Evaluation",
        "IptablesSave",
        "Nftables",
      ]
    ),

    .target(
      name: "SecurityGroups",
      dependencies: [
        "PacketSets",
        "RuleGraph",
        "SourceText",
        "YAMLDocument",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "SecurityGroupsTests",
      dependencies: [
        "Evaluation",
        "SecurityGroups",
      ]
    ),

    // MARK: What a site requires

    .target(
      name: "CPolicies",
      cSettings: [.unsafeFlags(["-std=c23"])]
    ),
    .target(
      name: "Requirements",
      dependencies: [
        "CPolicies",
        "PacketSets",
        "SourceText",
        "YAMLDocument",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "RequirementsTests",
      dependencies: ["Requirements"]
    ),

    // MARK: Checks and reports

    .target(
      name: "Compliance",
      dependencies: [
        "Evaluation",
        "PacketSets",
        "Requirements",
        "RuleGraph",
        "SourceText",
        "Workers",
        "YAMLDocument",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "FixTests",
      dependencies: [
        "Compliance",
        "ConformanceSupport",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "PacketSets",
        "Reporting",
        "Requirements",
        "RuleGraph",
        "SecurityGroups",
        "SourceText",
      ]
    ),
    .testTarget(
      name: "ComplianceTests",
      dependencies: [
        "Compliance",
        "RuleGraph",
        "SourceText",
      ]
    ),
    .target(
      name: "Reporting",
      dependencies: [
        "Compliance",
        "Evaluation",
        "PacketSets",
        "Requirements",
        "RuleGraph",
        "SourceText",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "ReportingTests",
      dependencies: ["Reporting"]
    ),

    .testTarget(
      name: "DifferenceTests",
      dependencies: [
        "Compliance",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "Requirements",
        "SecurityGroups",
      ]
    ),

    // MARK: The Linux kernel as the reference

    .target(
      name: "CNetworkNamespace",
      path: "Tests/CNetworkNamespace"
    ),
    .target(
      name: "ConformanceSupport",
      dependencies: [
        "CNetworkNamespace",
        "Compliance",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "PacketSets",
        "Requirements",
        "RuleGraph",
        "SourceText",
      ],
      path: "Tests/ConformanceSupport",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "conformance",
      dependencies: [
        "ConformanceSupport",
        "PacketSets",
      ],
      path: "Tests/ConformanceCommand",
      swiftSettings: settings
    ),
    .testTarget(
      name: "KernelTests",
      dependencies: [
        "ConformanceSupport",
        "Evaluation",
        "PacketSets",
        "RuleGraph",
      ]
    ),

    .testTarget(
      name: "MigrationTests",
      dependencies: [
        "Compliance",
        "ConformanceSupport",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "PacketSets",
        "RuleGraph",
        "SourceText",
      ]
    ),

    // MARK: The command line

    .executableTarget(
      name: "fwlint",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "Compliance",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "PacketSets",
        "Reporting",
        "Requirements",
        "RuleGraph",
        "SecurityGroups",
        "SourceText",
        "YAMLDocument",
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "Compliance",
        "ConformanceSupport",
        "fwlint",
      ]
    ),

    // MARK: Input from people who mean harm

    .target(
      name: "FuzzSupport",
      dependencies: [
        "Compliance",
        "Evaluation",
        "IptablesSave",
        "Nftables",
        "PacketSets",
        "Reporting",
        "Requirements",
        "RuleGraph",
        "SecurityGroups",
        "SourceText",
        "YAMLDocument",
      ],
      path: "Tests/FuzzSupport",
      swiftSettings: settings
    ),
    .testTarget(
      name: "HostileInputTests",
      dependencies: [
        "ConformanceSupport",
        "FuzzSupport",
        "fwlint",
      ]
    ),
  ] + fuzzers,
  swiftLanguageModes: [.v6]
)
