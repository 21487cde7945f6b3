// SPDX-License-Identifier: Apache-2.0

/// P(click) and P(conversion | click) for campaigns without any model; 0 where unknown.
typealias Priors = ByTarget<Double>

extension ByTarget where Value == Double {
    init() {
        self.init(click: 0, conversion: 0)
    }

    /// Fills in unknown values from others.
    mutating func complete(from others: Priors) {
        if click == 0 { click = others.click }
        if conversion == 0 { conversion = others.conversion }
    }
}
