// SPDX-License-Identifier: Apache-2.0

/// Asked by LeakSanitizer, a part of AddressSanitizer, for leaks that are not this package's: `swift test` also starts XCTest,
/// which keeps a little memory to the end even where it has no test to run.
@c(__lsan_default_suppressions)
public func leakSuppressions() -> UnsafePointer<CChar> {
    let suppressions: StaticString = "leak:libXCTest.so"
    return UnsafeRawPointer(suppressions.utf8Start).assumingMemoryBound(to: CChar.self)
}
