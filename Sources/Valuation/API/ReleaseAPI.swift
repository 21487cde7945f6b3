// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

// Releases: see valuation.h.

/// What a `valuation_report` handle points to.
private struct Report: ~Copyable {
    let text: Buffer<UInt8>
}

/// Runs a call that produces a text, and returns it.
func reporting(
    _ report_out: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<valuation_error>?,
    isRequired: Bool = false, _ body: (Note) throws(Failure) -> Buffer<UInt8>
) -> valuation_status {
    report_out?.pointee = nil
    return callWithNote(error) { note throws(Failure) in
        if isRequired && report_out == nil { throw Failure(.invalidArgument, "report_out is NULL.") }
        // Allocated first, so that nothing can fail once the work is done.
        let room = try Room<Report>()
        var text = try body(note)
        _ = try text.terminated()
        if let report_out { report_out.pointee = OpaquePointer(room.place(Report(text: text))) }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_report_text(_ report: OpaquePointer!, _ length_out: UnsafeMutablePointer<Int>!)
    -> UnsafePointer<CChar>!
{
    length_out?.pointee = 0
    guard let report else { return nil }
    let text = UnsafePointer<Report>(report).pointee.text.text
    length_out?.pointee = text.count
    return text.characters
}

/// See valuation.h.
@c @implementation
public func valuation_report_destroy(_ report: OpaquePointer!) {
    if let report { Memory.destroy(UnsafeMutablePointer<Report>(report)) }
}

/// The given options of a publisher, which may be NULL.
private func checked(_ publishing: UnsafePointer<valuation_publishing>?) throws(Failure) -> Publisher.Wishes {
    var wishes = Publisher.Wishes()
    guard let publishing else { return wishes }
    try checkSize(publishing, publishing.pointee.struct_size)
    let noCompiled = UInt32(VALUATION_PUBLISH_NO_COMPILED)
    let keepLatest = UInt32(VALUATION_PUBLISH_KEEP_LATEST)
    let switches = publishing.pointee.switches
    if switches & ~(noCompiled | keepLatest) != 0 {
        throw Failure(.invalidArgument, "valuation_publishing.switches has bits that this library does not know.")
    }
    wishes.isCompiled = switches & noCompiled == 0
    wishes.keepsLatest = switches & keepLatest != 0
    wishes.id = try text(publishing.pointee.id, publishing.pointee.id_length)
    wishes.priors = Priors(click: publishing.pointee.click_prior, conversion: publishing.pointee.conversion_prior)
    try check(prior: wishes.priors.click)
    try check(prior: wishes.priors.conversion)
    return wishes
}

private func check(prior: Double) throws(Failure) {
    if prior >= 0 && prior <= 1 { return }
    throw Failure(
        .invalidArgument, "A prior is a probability above 0 and at most 1, or 0 for what the models' training says.")
}

/// See valuation.h.
@c @implementation
public func valuation_publish(
    _ path: UnsafePointer<CChar>!, _ path_length: Int, _ root: UnsafePointer<CChar>!, _ root_length: Int,
    _ publishing: UnsafePointer<valuation_publishing>!, _ report_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error) { note throws(Failure) in
        try Publisher.publish(
            path: try text(path, path_length), root: try name(root, root_length), try checked(publishing),
            maximumInputBytes: defaultMaximumInputBytes, note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_compile(
    _ path: UnsafePointer<CChar>!, _ path_length: Int, _ file: UnsafePointer<CChar>!, _ file_length: Int,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    callWithNote(error) { note throws(Failure) in
        try Compiler.compile(
            path: try text(path, path_length), file: try name(file, file_length),
            maximumInputBytes: defaultMaximumInputBytes, note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_releases_list(
    _ root: UnsafePointer<CChar>!, _ root_length: Int, _ report_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error, isRequired: true) { note throws(Failure) in
        try ReleaseFolder.list(path: try name(root, root_length), note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_releases_select(
    _ root: UnsafePointer<CChar>!, _ root_length: Int, _ id: UnsafePointer<CChar>!, _ id_length: Int,
    _ report_out: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error) { note throws(Failure) in
        try ReleaseFolder.select(
            path: try name(root, root_length), id: try text(id, id_length),
            maximumInputBytes: defaultMaximumInputBytes, note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_releases_prune(
    _ root: UnsafePointer<CChar>!, _ root_length: Int, _ keep: Int, _ report_out: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error) { note throws(Failure) in
        if keep == 0 { throw Failure(.invalidArgument, "At least one release must be kept; keep is 1 or more.") }
        return try ReleaseFolder.prune(path: try name(root, root_length), keep: atMostAll(keep), note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_compare(
    _ before: UnsafePointer<CChar>!, _ before_length: Int, _ after: UnsafePointer<CChar>!, _ after_length: Int,
    _ most: Int, _ report_out: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error, isRequired: true) { note throws(Failure) in
        try Comparison.compare(
            before: try text(before, before_length), after: try text(after, after_length), most: atMostAll(most),
            maximumInputBytes: defaultMaximumInputBytes, note: note)
    }
}

/// A count that arrived as a `size_t`; one beyond `Int.max` means all.
private func atMostAll(_ count: Int) -> Int { count < 0 ? .max : count }

/// A caller's path that must name something.
private func name(_ start: UnsafePointer<CChar>?, _ count: Int) throws(Failure) -> Text {
    let path = try text(start, count)
    if path.count > 0 && !path.contains(0) { return path }
    throw Failure(.invalidArgument, "A path is empty or holds a NUL byte.")
}
