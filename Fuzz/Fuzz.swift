// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The target that the environment variable FUZZ_TARGET names. All targets are one program, so that the core is
/// compiled once.
private enum FuzzTarget: String {
    case model, manifest, compiled, request, flat, policy
}

private let target: FuzzTarget = {
    guard let name = getenv("FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
        fatalError("FUZZ_TARGET names no target")
    }
    return target
}()

/// Tries one input from libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    switch target {
    case .model: fuzzModel(start, count)
    case .manifest: fuzzManifest(start, count)
    case .compiled: fuzzCompiled(start, count)
    case .request: fuzzRequest(start, count)
    case .flat: fuzzFlat(start, count)
    case .policy: fuzzPolicy(start, count)
    }
}

/// Makes a new input out of one.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int, _ seed: UInt32) -> Int {
    switch target {
    case .compiled: mutateCompiled(start, count, room, seed)
    case .model, .manifest, .request, .flat, .policy: mutateBlindly(start, count, room)
    }
}
