// SPDX-License-Identifier: Apache-2.0

/// P(click) and P(conversion | click) for campaigns without any model; 0 where unknown.
struct Priors {
    var click = 0.0
    var conversion = 0.0

    subscript(target: Target) -> Double {
        get { target == .click ? click : conversion }
        set { if target == .click { click = newValue } else { conversion = newValue } }
    }

    /// Fills in unknown values from others.
    mutating func complete(from others: Priors) {
        if click == 0 { click = others.click }
        if conversion == 0 { conversion = others.conversion }
    }
}
