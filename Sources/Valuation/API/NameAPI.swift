// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// Versions and names: see valuation.h.

/// See valuation.h.
@c @implementation
public func valuation_version() -> UnsafePointer<CChar>! {
    valuation_version_text()
}

/// See valuation.h.
@c @implementation
public func valuation_abi_version() -> UInt32 {
    UInt32(VALUATION_ABI_VERSION)
}

/// See valuation.h.
@c @implementation
public func valuation_build_info() -> UnsafePointer<CChar>! {
    #if hasFeature(Embedded)
        valuation_build_text(true)
    #else
        valuation_build_text(false)
    #endif
}

/// See valuation.h.
@c @implementation
public func valuation_status_name(_ status: valuation_status) -> UnsafePointer<CChar>! {
    Text(Status(rawValue: status)?.name ?? "VALUATION_ERROR_UNKNOWN").characters
}

/// See valuation.h.
@c @implementation
public func valuation_flag_name(_ flag: valuation_flags) -> UnsafePointer<CChar>! {
    guard flag.nonzeroBitCount == 1, let name = Flags.name(ofBit: flag.trailingZeroBitCount) else { return nil }
    return Text(name).characters
}
