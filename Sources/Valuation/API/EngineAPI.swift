// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

// Engine and scorer: see valuation.h.

let defaultMaximumInputBytes: UInt64 = 16 * 1024 * 1024 * 1024

/// The given options, which may be NULL.
private func checked(_ options: UnsafePointer<valuation_options>?) throws(Failure) -> Engine.Options {
    guard let options else { return Engine.Options(maximumInputBytes: defaultMaximumInputBytes) }
    try checkSize(options, options.pointee.struct_size)
    let switches = options.pointee.switches
    let trust = UInt32(VALUATION_SWITCH_TRUST_COMPILED)
    let forget = UInt32(VALUATION_SWITCH_FORGET_PREVIOUS)
    let copy = UInt32(VALUATION_SWITCH_COPY_COMPILED)
    let only = UInt32(VALUATION_SWITCH_COMPILED_ONLY)
    let sets = UInt32(VALUATION_SWITCH_USE_BASELINE | VALUATION_SWITCH_USE_AVX2 | VALUATION_SWITCH_USE_AVX512)
    if switches & ~(trust | forget | copy | only | sets) != 0 {
        throw Failure(.invalidArgument, "valuation_options.switches has bits that this library does not know.")
    }
    let limit = options.pointee.maximum_input_bytes
    return Engine.Options(
        maximumInputBytes: limit == 0 ? defaultMaximumInputBytes : limit, trustsCompiled: switches & trust != 0,
        copiesCompiled: switches & copy != 0, forgetsPrevious: switches & forget != 0,
        isCompiledOnly: switches & only != 0,
        kernels: try kernels(switches & sets))
}

/// The loops for the instruction set that is asked for. - Parameter wish: one of the switches, or 0.
private func kernels(_ wish: UInt32) throws(Failure) -> UnsafePointer<valuation_kernels> {
    let level: valuation_kernels_level
    switch wish {
    case 0: return valuation_kernels_for_this_machine().unsafelyUnwrapped
    case UInt32(VALUATION_SWITCH_USE_BASELINE): level = VALUATION_KERNELS_BASELINE
    case UInt32(VALUATION_SWITCH_USE_AVX2): level = VALUATION_KERNELS_AVX2
    case UInt32(VALUATION_SWITCH_USE_AVX512): level = VALUATION_KERNELS_AVX512
    default: throw Failure(.invalidArgument, "valuation_options.switches asks for more than one instruction set.")
    }
    guard let kernels = valuation_kernels_for(level) else {
        throw Failure(
            .invalidArgument, "This machine lacks the instruction set that valuation_options.switches asks for.")
    }
    return kernels
}

/// See valuation.h.
@c @implementation
public func valuation_engine_create(
    _ options: UnsafePointer<valuation_options>!, _ engine_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    engine_out?.pointee = nil
    return call(error) { () throws(Failure) in
        let out = try required(engine_out, "engine_out is NULL.")
        out.pointee = OpaquePointer(try Engine.allocate(try checked(options)))
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_destroy(_ engine: OpaquePointer!) {
    guard let engine else { return }
    Engine.release(UnsafePointer(engine))
}

/// See valuation.h.
@c @implementation
public func valuation_engine_load(
    _ engine: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ path_length: Int,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    callWithNote(error) { note throws(Failure) in
        try Valuation.engine(engine).pointee.load(path: try text(path, path_length), note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_refresh(
    _ engine: OpaquePointer!, _ changed_out: UnsafeMutablePointer<Bool>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    var hasChanged = false
    defer { changed_out?.pointee = hasChanged }
    return callWithNote(error) { note throws(Failure) in
        try Valuation.engine(engine).pointee.refresh(note: note, hasChanged: &hasChanged)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_roll_back(
    _ engine: OpaquePointer!, _ id: UnsafePointer<CChar>!, _ id_length: Int,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    callWithNote(error) { note throws(Failure) in
        try Valuation.engine(engine).pointee.rollBack(to: try text(id, id_length), note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_prepare(
    _ engine: OpaquePointer!, _ ready_out: UnsafeMutablePointer<Bool>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    var isReady = false
    defer { ready_out?.pointee = isReady }
    return callWithNote(error) { note throws(Failure) in
        try Valuation.engine(engine).pointee.prepare(note: note, isReady: &isReady)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_commit(
    _ engine: OpaquePointer!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in try Valuation.engine(engine).pointee.commit() }
}

/// See valuation.h.
@c @implementation
public func valuation_validate(
    _ path: UnsafePointer<CChar>!, _ path_length: Int, _ options: UnsafePointer<valuation_options>!,
    _ callback: valuation_problem_callback!, _ context: UnsafeMutableRawPointer!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    callWithNote(error) { first throws(Failure) in
        let place = try text(path, path_length)
        let limit = try checked(options).maximumInputBytes
        let listener = Problems.Listener(function: callback ?? goOn, context: context)
        try Note.withTemporary { (note: Note) throws(Failure) in
            let problems = Problems(note: note, firstNote: first, listener: listener)
            try Validation.run(path: place, maximumInputBytes: limit, problems: problems)
        }
    }
}

/// Replaces a missing callback.
private let goOn: valuation_problem_callback = { _, _ in true }

/// See valuation.h.
@c @implementation
public func valuation_scorer_create(
    _ engine: OpaquePointer!, _ scorer_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    scorer_out?.pointee = nil
    return call(error) { () throws(Failure) in
        let out = try required(scorer_out, "scorer_out is NULL.")
        out.pointee = OpaquePointer(try Scorer.allocate(engine: try Valuation.engine(engine)))
    }
}

/// See valuation.h.
@c @implementation
public func valuation_scorer_destroy(_ scorer: OpaquePointer!) {
    guard let scorer else { return }
    Scorer.destroy(UnsafeMutablePointer(scorer))
}
