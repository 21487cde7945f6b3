// SPDX-License-Identifier: Apache-2.0
import CValuation

// Versions and names: see valuation.h.

/// A literal as a C string, which lives as long as the library is loaded.
private func cString(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// See valuation.h.
@c @implementation
public func valuation_version() -> UnsafePointer<CChar>! {
    cString(Version.text)
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
        #if arch(x86_64)
            cString("valuation 0.1.0, ABI 1, model format 1, compiled format 4, embedded, x86_64")
        #elseif arch(arm64)
            cString("valuation 0.1.0, ABI 1, model format 1, compiled format 4, embedded, arm64")
        #else
            cString("valuation 0.1.0, ABI 1, model format 1, compiled format 4, embedded")
        #endif
    #else
        cString("valuation 0.1.0, ABI 1, model format 1, compiled format 4, with the Swift runtime")
    #endif
}

/// See valuation.h.
@c @implementation
public func valuation_status_name(_ status: valuation_status) -> UnsafePointer<CChar>! {
    cString(Status(rawValue: status)?.name ?? "VALUATION_ERROR_UNKNOWN")
}

/// See valuation.h.
@c @implementation
public func valuation_flag_name(_ flag: valuation_flags) -> UnsafePointer<CChar>! {
    guard flag.nonzeroBitCount == 1, let name = Flags.name(ofBit: flag.trailingZeroBitCount) else { return nil }
    return cString(name)
}
