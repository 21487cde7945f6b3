// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// Engine and scorer: see valuation.h.

private let defaultMaximumInputBytes: UInt64 = 16 * 1024 * 1024 * 1024

/// The limit of the options given, which may be NULL.
private func maximumInputBytes(_ options: UnsafePointer<valuation_options>?) throws(Failure) -> UInt64 {
    guard let options else { return defaultMaximumInputBytes }
    try checkSize(options, options.pointee.struct_size)
    if options.pointee.reserved != 0 {
        throw Failure(.invalidArgument, "valuation_options.reserved is not zero; begin with VALUATION_OPTIONS_INIT.")
    }
    let limit = options.pointee.maximum_input_bytes
    return limit == 0 ? defaultMaximumInputBytes : limit
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
        out.pointee = OpaquePointer(try Engine.allocate(maximumInputBytes: try maximumInputBytes(options)))
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
        let target = try Valuation.engine(engine)
        let place = try text(path, path_length)
        target.pointee.loading.lock()
        defer { target.pointee.loading.unlock() }
        let limit = target.pointee.maximumInputBytes
        let snapshot = try Loader.load(path: place, maximumInputBytes: limit, note: note)
        target.pointee.replace(with: try Snapshot.allocate(snapshot))
    }
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
        let limit = try maximumInputBytes(options)
        var description = valuation_error()
        try withUnsafeMutablePointer(to: &description) { description throws(Failure) in
            let listener = Problems.Listener(function: callback ?? goOn, context: context)
            let problems = Problems(note: Note(error: description), firstNote: first, listener: listener)
            try Loader.validate(path: place, maximumInputBytes: limit, problems: problems)
        }
    }
}

/// Stands for a callback that the caller has no wish for.
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
