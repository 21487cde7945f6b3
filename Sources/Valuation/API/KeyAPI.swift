// SPDX-License-Identifier: Apache-2.0
import CValuation

// Keys: see valuation.h.

/// Runs `body` with the secret of an engine's keys. - Parameter engine: nil for the standard secret.
@inline(__always)
private func key(_ engine: OpaquePointer?, _ body: (Secret) -> UInt64) -> UInt64 {
    guard let engine else { return body(.standard) }
    return body(UnsafePointer<Engine>(engine).pointee.secret.forKeys.pointee)
}

/// See valuation.h.
@c @implementation
public func valuation_feature_key(
    _ engine: OpaquePointer!, _ field: UnsafePointer<CChar>!, _ field_length: Int, _ value: UnsafePointer<CChar>!,
    _ value_length: Int
) -> UInt64 {
    key(engine) { $0.category(field: textOrEmpty(field, field_length), value: textOrEmpty(value, value_length)) }
}

/// See valuation.h.
@c @implementation
public func valuation_number_key(
    _ engine: OpaquePointer!, _ field: UnsafePointer<CChar>!, _ field_length: Int
) -> UInt64 {
    key(engine) { $0.number(field: textOrEmpty(field, field_length)) }
}

/// See valuation.h.
@c @implementation
public func valuation_campaign_key(
    _ engine: OpaquePointer!, _ id: UnsafePointer<CChar>!, _ id_length: Int
) -> UInt64 {
    key(engine) { $0.campaign(textOrEmpty(id, id_length)) }
}

/// See valuation.h.
@c @implementation
public func valuation_fingerprint(_ text: UnsafePointer<CChar>!, _ length: Int) -> UInt64 {
    fingerprint64(textOrEmpty(text, length))
}

/// See valuation.h.
@c @implementation
public func valuation_cross_key(_ engine: OpaquePointer!, _ first: UInt64, _ second: UInt64) -> UInt64 {
    key(engine) { $0.cross(first, second) }
}
