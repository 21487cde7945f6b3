// SPDX-License-Identifier: Apache-2.0
import CValuation

// What an engine says of itself and of its generations: see valuation.h.

/// See valuation.h.
@c @implementation
public func valuation_engine_read_state(
    _ engine: OpaquePointer!, _ state_out: UnsafeMutablePointer<valuation_engine_state>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.engine(engine)
        let out = try required(state_out, "state_out is NULL.")
        try checkSize(out, out.pointee.struct_size)
        target.pointee.readState(into: out)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_describe(
    _ engine: OpaquePointer!, _ report_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error, isRequired: true) { _ throws(Failure) in
        try DescribeAnswer.write(try Valuation.engine(engine))
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_find_generation(
    _ engine: OpaquePointer!, _ generation: UInt64, _ generation_out: UnsafeMutablePointer<valuation_generation>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.engine(engine)
        let out = try required(generation_out, "generation_out is NULL.")
        try checkSize(out, out.pointee.struct_size)
        try target.pointee.find(generation, into: out)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_engine_find_source(
    _ engine: OpaquePointer!, _ generation: UInt64, _ source: UInt32,
    _ source_out: UnsafeMutablePointer<valuation_source>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.engine(engine)
        let out = try required(source_out, "source_out is NULL.")
        try checkSize(out, out.pointee.struct_size)
        try target.pointee.find(source, generation: generation, into: out)
    }
}
