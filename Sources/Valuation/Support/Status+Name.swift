// SPDX-License-Identifier: Apache-2.0

extension Status {
    /// The name in valuation.h.
    var name: StaticString {
        switch self {
        case .ok: "VALUATION_OK"
        case .invalidArgument: "VALUATION_ERROR_INVALID_ARGUMENT"
        case .structSize: "VALUATION_ERROR_STRUCT_SIZE"
        case .outOfMemory: "VALUATION_ERROR_OUT_OF_MEMORY"
        case .fileNotFound: "VALUATION_ERROR_FILE_NOT_FOUND"
        case .readFailed: "VALUATION_ERROR_READ_FAILED"
        case .gzip: "VALUATION_ERROR_GZIP"
        case .jsonSyntax: "VALUATION_ERROR_JSON_SYNTAX"
        case .duplicateKey: "VALUATION_ERROR_DUPLICATE_KEY"
        case .format: "VALUATION_ERROR_FORMAT"
        case .invalidValue: "VALUATION_ERROR_INVALID_VALUE"
        case .nonFinite: "VALUATION_ERROR_NON_FINITE"
        case .duplicateModel: "VALUATION_ERROR_DUPLICATE_MODEL"
        case .unknownModel: "VALUATION_ERROR_UNKNOWN_MODEL"
        case .keyCollision: "VALUATION_ERROR_KEY_COLLISION"
        case .selfTest: "VALUATION_ERROR_SELF_TEST"
        case .limitExceeded: "VALUATION_ERROR_LIMIT_EXCEEDED"
        case .nothingLoaded: "VALUATION_ERROR_NOTHING_LOADED"
        case .checksum: "VALUATION_ERROR_CHECKSUM"
        case .writeFailed: "VALUATION_ERROR_WRITE_FAILED"
        case .unknownRelease: "VALUATION_ERROR_UNKNOWN_RELEASE"
        case .releaseExists: "VALUATION_ERROR_RELEASE_EXISTS"
        case .busy: "VALUATION_ERROR_BUSY"
        case .secret: "VALUATION_ERROR_SECRET"
        case .noPrevious: "VALUATION_ERROR_NO_PREVIOUS"
        case .nothingFollowed: "VALUATION_ERROR_NOTHING_FOLLOWED"
        case .nothingPrepared: "VALUATION_ERROR_NOTHING_PREPARED"
        case .stale: "VALUATION_ERROR_STALE"
        case .notCompiled: "VALUATION_ERROR_NOT_COMPILED"
        case .unknownGeneration: "VALUATION_ERROR_UNKNOWN_GENERATION"
        case .unknownSource: "VALUATION_ERROR_UNKNOWN_SOURCE"
        case .noPolicy: "VALUATION_ERROR_NO_POLICY"
        }
    }
}
