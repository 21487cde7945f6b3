// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// Engine and scorer: see valuation.h.

private let defaultMaximumInputBytes: UInt64 = 16 * 1024 * 1024 * 1024

/// The limit of the options given, which may be NULL.
private func maximumInputBytes(_ options: UnsafePointer<valuation_options>?) throws(Failure) -> UInt64 {
    guard let options else { return defaultMaximumInputBytes }
    try checkSize(options, options.pointee.struct_size, "valuation_options")
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
    call(error) { () throws(Failure) in
        let out = try required(engine_out, "engine_out")
        out.pointee = nil
        out.pointee = OpaquePointer(try Engine.allocate(maximumInputBytes: try maximumInputBytes(options)))
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_destroy(_ engine: OpaquePointer!) {
    guard let engine else { return }
    Engine.release(UnsafeMutablePointer(engine))
}

/// See valuation.h.
@c @implementation
public func valuation_engine_load(
    _ engine: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ path_length: Int,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.engine(engine)
        let place = try text(path, path_length, "path")
        target.pointee.loading.lock()
        defer { target.pointee.loading.unlock() }
        let snapshot = try Loader.load(path: place, maximumInputBytes: target.pointee.maximumInputBytes)
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
    call(error) { () throws(Failure) in
        let place = try text(path, path_length, "path")
        let limit = try maximumInputBytes(options)
        try Loader.validate(path: place, maximumInputBytes: limit) { failure in
            guard let callback else { return true }
            var problem = valuation_error()
            problem.struct_size = UInt32(MemoryLayout<valuation_error>.size)
            fill(&problem, failure)
            return callback(context, &problem)
        }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_scorer_create(
    _ engine: OpaquePointer!, _ scorer_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let out = try required(scorer_out, "scorer_out")
        out.pointee = nil
        out.pointee = OpaquePointer(try Scorer.allocate(engine: try Valuation.engine(engine)))
    }
}

/// See valuation.h.
@c @implementation
public func valuation_scorer_destroy(_ scorer: OpaquePointer!) {
    guard let scorer else { return }
    Scorer.destroy(UnsafeMutablePointer(scorer))
}
