// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The environment variable VALUATION_BUILD says what to build:
/// - `library`: the library as it is shipped (Embedded Swift, no Swift runtime);
/// - `solver`: the solver of the batch half as it is shipped, a library of its own;
/// - `command`: the `valuation` command, a client of the shipped library;
/// - unset: the core as ordinary Swift, with its unit tests.
///
/// An ordinary module cannot import an Embedded one, and the unit tests need neither the command nor its dependencies,
/// so each has a build folder of its own (see the Makefile).
let build = Context.environment["VALUATION_BUILD"] ?? ""

/// With VALUATION_SHARED=1 the library needs the machine's shared jansson and zlib, for distributors who must not link
/// them in. Documentation/design.md says what that costs.
let isShared = Context.environment["VALUATION_SHARED"] == "1"

/// The unit tests use the shared ones, too: a program's `strtod` is the one that every library in its process calls.
let isAlone = build == "library" && !isShared

let linkedLibraries: [LinkerSetting] =
    (isAlone ? [":libjansson.a", ":libz.a", "m"] : ["jansson", "z", "m"]).map { .linkedLibrary($0) }

let standIns = isAlone ? ["CStandIns"] : []

/// Debugging information names sources from here, not from where the building machine has them.
let sources = "\(Context.packageDirectory)=."

let optimised: [CSetting] = [.unsafeFlags(["-O2", "-fdebug-prefix-map=\(sources)"])]

let cLibraries: [Target] =
    [
        .systemLibrary(name: "CValuation", path: "Include"),
        .systemLibrary(name: "CJansson", path: "Sources/CJansson"),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib"),
        .systemLibrary(name: "CPlatform", path: "Sources/CPlatform"),
        // Optimised in debug builds, too; otherwise the tests of its bits would take long.
        .target(
            name: "CKernels", path: "Sources/CKernels",
            exclude: ["labels.inc", "look_up_queue.inc", "lookups.inc", "sets.h", "vector_loops.inc"],
            cSettings: [.headerSearchPath("../../Include")] + optimised),
        .target(name: "CChecksum", path: "Sources/CChecksum", cSettings: optimised),
    ] + standIns.map { .target(name: $0, path: "Sources/\($0)", cSettings: optimised) }

/// Whether the library alone uses its copy of jansson, so that the core may choose where jansson's memory comes from.
let ownJansson: [SwiftSetting] = build == "library" && isShared ? [] : [.define("OWN_JANSSON")]

func core(swift: [SwiftSetting], linker: [LinkerSetting]) -> Target {
    .target(
        name: "Valuation",
        dependencies: ["CValuation", "CJansson", "CZlib", "CPlatform", "CKernels", "CChecksum"]
            + standIns.map { .target(name: $0) },
        path: "Sources/Valuation",
        exclude: ["valuation.map"],
        swiftSettings: swift + ownJansson,
        linkerSettings: linkedLibraries + linker)
}

let package: Package
switch build {
case "library":
    let linker = [
        "-soname=libvaluation.so.1",
        "--version-script=\(Context.packageDirectory)/Sources/Valuation/valuation.map",
        "--gc-sections", "--icf=all", "--as-needed", "--no-undefined", "-z", "nodelete", "-z", "relro", "-z", "now",
    ]
    package = Package(
        name: "valuation",
        products: [.library(name: "valuation", type: .dynamic, targets: ["Valuation"])],
        targets: cLibraries + [
            core(
                swift: [
                    .enableExperimentalFeature("Embedded"),
                    // Optimised for size; functions that take most of the time are marked @_optimize(speed).
                    .unsafeFlags(["-Osize", "-wmo", "-Xfrontend", "-function-sections"]),
                    // Nothing in the library tells where it was built: no references to modules of this build, which
                    // debuggers would look for, and no checksums of this command line.
                    .unsafeFlags([
                        "-debug-prefix-map", sources, "-Xfrontend", "-no-clang-module-breadcrumbs",
                        "-Xfrontend", "-disable-incremental-llvm-codegen",
                    ]),
                ],
                linker: [.unsafeFlags(["-use-ld=lld"] + linker.flatMap { ["-Xlinker", $0] })])
        ])
case "solver":
    let linker = [
        "-soname=libvaluation_solver.so.1",
        "--version-script=\(Context.packageDirectory)/Sources/ValuationSolver/solver.map",
        "--gc-sections", "--icf=all", "--as-needed", "--no-undefined", "-z", "relro", "-z", "now",
    ]
    package = Package(
        name: "valuation",
        products: [.library(name: "valuation_solver", type: .dynamic, targets: ["ValuationSolver"])],
        targets: [
            .systemLibrary(name: "CValuationSolver", path: "Include"),
            .systemLibrary(name: "CPlatform", path: "Sources/CPlatform"),
            .target(
                name: "ValuationSolver",
                dependencies: ["CValuationSolver", "CPlatform"],
                path: "Sources/ValuationSolver",
                exclude: ["solver.map"],
                swiftSettings: [
                    .enableExperimentalFeature("Embedded"),
                    .unsafeFlags(["-O", "-wmo", "-Xfrontend", "-function-sections"]),
                ],
                linkerSettings: [
                    .linkedLibrary("m"), .unsafeFlags(["-use-ld=lld"] + linker.flatMap { ["-Xlinker", $0] }),
                ]),
        ])
case "command":
    package = Package(
        name: "valuation",
        products: [.executable(name: "valuation", targets: ["ValuationMain"])],
        dependencies: [
            // Exactly this version, so that a build can be reproduced.
            .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
        ],
        targets: [
            .systemLibrary(name: "CValuation", path: "Include"),
            .target(name: "CChecksum", path: "Sources/CChecksum", cSettings: [.unsafeFlags(["-O2"])]),
            .target(
                name: "ValuationCLI",
                dependencies: [
                    "CValuation", "CChecksum",
                    .product(name: "ArgumentParser", package: "swift-argument-parser"),
                ],
                path: "Sources/ValuationCLI"),
            .executableTarget(
                name: "ValuationMain",
                dependencies: ["ValuationCLI"],
                path: "Sources/ValuationMain",
                linkerSettings: [
                    .linkedLibrary("valuation"),
                    .unsafeFlags([
                        "-L\(Context.packageDirectory)/build/lib", "-Xlinker", "-rpath=$ORIGIN/../lib",
                    ]),
                ]),
        ])
default:
    package = Package(
        name: "valuation",
        targets: cLibraries + [
            core(swift: [], linker: []),
            .testTarget(
                name: "ValuationTests",
                dependencies: ["Valuation", "CValuation", "CJansson", "CZlib", "CPlatform", "CKernels", "CChecksum"],
                path: "Tests/ValuationTests",
                exclude: ["Fixtures"],
                // Optimising the tests, too, would take longer than running them unoptimised.
                swiftSettings: [.unsafeFlags(["-Onone"], .when(configuration: .release))]),
        ])
}
