// SPDX-License-Identifier: Apache-2.0

/// The version of the library; valuation.h is the source, and a test compares them.
enum Version {
    static let text: StaticString = "0.1.0"
}
