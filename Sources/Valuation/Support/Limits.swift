// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What no request goes beyond.
enum Limits {
    /// Of a request, and of a candidate.
    static let maximumFeatures = VALUATION_MAXIMUM_FEATURES
}
