// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The logistic function 1 / (1 + e^(−z)) for many logits at once; the loop is `sigmoid` of `CKernels`.
///
/// e^x = 2^n · e^r with n = round(x / ln 2), |r| ≤ ln(2) / 2 (Cody & Waite, "Software Manual for the Elementary
/// Functions", 1980), and e^r by the polynomial of degree 7 with e^0 = 1 that interpolates it in the Chebyshev points,
/// whose relative error is below 1.2e-10. All that in double; 1 + e^x is then rounded to Float, and divided in Float:
/// two roundings of 2^-24. So the relative error is at most 1.2e-7; a test compares it with an 80-bit computation.
enum Sigmoid {
    /// Logits are clamped here: 1.8e-35 is practically 0, and still a normal Float.
    static let bound = 80.0
}
