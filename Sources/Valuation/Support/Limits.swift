// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Limits of requests.
enum Limits {
    /// Of a request, and of a candidate.
    static let maximumFeatures = VALUATION_MAXIMUM_FEATURES
}
