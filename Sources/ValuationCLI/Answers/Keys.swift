// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The keys of features and campaigns.
struct Keys {
    /// The models whose secret the keys are under; nil for the standard one.
    let models: Models?

    func feature(field: String, value: String) -> UInt64 {
        field.withText { field, fieldLength in
            value.withText { valuation_feature_key(models?.engine, field, fieldLength, $0, $1) }
        }
    }

    func number(field: String) -> UInt64 {
        field.withText { valuation_number_key(models?.engine, $0, $1) }
    }

    func campaign(id: String) -> UInt64 {
        id.withText { valuation_campaign_key(models?.engine, $0, $1) }
    }
}
