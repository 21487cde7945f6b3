// SPDX-License-Identifier: Apache-2.0
import CValuation

// Keys: see valuation.h.

/// See valuation.h.
@c @implementation
public func valuation_feature_key(
    _ field: UnsafePointer<CChar>!, _ field_length: Int, _ value: UnsafePointer<CChar>!, _ value_length: Int
) -> UInt64 {
    Key.category(field: textOrEmpty(field, field_length), value: textOrEmpty(value, value_length))
}

/// See valuation.h.
@c @implementation
public func valuation_number_key(_ field: UnsafePointer<CChar>!, _ field_length: Int) -> UInt64 {
    Key.number(field: textOrEmpty(field, field_length))
}

/// See valuation.h.
@c @implementation
public func valuation_campaign_key(_ id: UnsafePointer<CChar>!, _ id_length: Int) -> UInt64 {
    Key.campaign(textOrEmpty(id, id_length))
}

/// See valuation.h.
@c @implementation
public func valuation_cross_key(_ first: UInt64, _ second: UInt64) -> UInt64 {
    Key.cross(first, second)
}
