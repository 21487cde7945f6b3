// SPDX-License-Identifier: Apache-2.0

/// LeakSanitizer, a part of AddressSanitizer, calls this for leaks to ignore: `swift test` also starts XCTest, which
/// keeps a little memory to the end even if it has no test to run.
@c(__lsan_default_suppressions)
public func leakSuppressions() -> UnsafePointer<CChar> {
    let suppressions: StaticString = "leak:libXCTest.so"
    return UnsafeRawPointer(suppressions.utf8Start).assumingMemoryBound(to: CChar.self)
}
