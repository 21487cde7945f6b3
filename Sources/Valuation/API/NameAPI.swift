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
    switch Status(rawValue: status) {
    case .ok: cString("VALUATION_OK")
    case .invalidArgument: cString("VALUATION_ERROR_INVALID_ARGUMENT")
    case .structSize: cString("VALUATION_ERROR_STRUCT_SIZE")
    case .outOfMemory: cString("VALUATION_ERROR_OUT_OF_MEMORY")
    case .fileNotFound: cString("VALUATION_ERROR_FILE_NOT_FOUND")
    case .readFailed: cString("VALUATION_ERROR_READ_FAILED")
    case .gzip: cString("VALUATION_ERROR_GZIP")
    case .jsonSyntax: cString("VALUATION_ERROR_JSON_SYNTAX")
    case .duplicateKey: cString("VALUATION_ERROR_DUPLICATE_KEY")
    case .format: cString("VALUATION_ERROR_FORMAT")
    case .invalidValue: cString("VALUATION_ERROR_INVALID_VALUE")
    case .nonFinite: cString("VALUATION_ERROR_NON_FINITE")
    case .duplicateModel: cString("VALUATION_ERROR_DUPLICATE_MODEL")
    case .unknownModel: cString("VALUATION_ERROR_UNKNOWN_MODEL")
    case .keyCollision: cString("VALUATION_ERROR_KEY_COLLISION")
    case .selfTest: cString("VALUATION_ERROR_SELF_TEST")
    case .limitExceeded: cString("VALUATION_ERROR_LIMIT_EXCEEDED")
    case .nothingLoaded: cString("VALUATION_ERROR_NOTHING_LOADED")
    case .checksum: cString("VALUATION_ERROR_CHECKSUM")
    case .writeFailed: cString("VALUATION_ERROR_WRITE_FAILED")
    case .unknownRelease: cString("VALUATION_ERROR_UNKNOWN_RELEASE")
    case .releaseExists: cString("VALUATION_ERROR_RELEASE_EXISTS")
    case .busy: cString("VALUATION_ERROR_BUSY")
    case .secret: cString("VALUATION_ERROR_SECRET")
    case nil: cString("VALUATION_ERROR_UNKNOWN")
    }
}

/// See valuation.h.
@c @implementation
public func valuation_flag_name(_ flag: valuation_flags) -> UnsafePointer<CChar>! {
    guard flag.nonzeroBitCount == 1, let name = Flags.name(ofBit: flag.trailingZeroBitCount) else { return nil }
    return cString(name)
}
