// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// One candidate alone: its weights of both targets are looked up together. Most of the time goes into waiting for reads
/// that depend on each other; those of the two targets do not.
extension TargetScoring {
    /// Sums the weights of a request's terms for the first candidate of the block, and for the models that its models
    /// extend. No path is chosen: for one candidate, lookups cost least. Under a policy, one candidate is only an
    /// estimate; if more blocks follow, a path is chosen for them.
    ///
    /// - Precondition: at most `VALUATION_KERNELS_PAIR` terms, none unlisted.
    @_optimize(speed)
    @inline(never)
    static func lookUpOnly(_ terms: RequestTerms, _ click: inout TargetScoring, _ conversion: inout TargetScoring) {
        let rows = click.directRows
        let counts = valuation_list_pair(
            terms.list.baseAddress, terms.list.count, terms.hasNumbers ? 1 : 0, rows)
        click.beginLookups(count: 1)
        conversion.beginLookups(count: 1)
        withUnsafePointer(to: click.index.pointee.rows) {
            for level in 0..<click.index.pointee.levels {
                let entry = level &* Scratch.blockSize
                let models = valuation_pair(
                    click: Int64(click.models[entry]), conversion: Int64(conversion.models[entry]))
                let sums = click.kernels.pointee.add_pair($0, rows, counts, models)
                click.entrySums[entry] = sums.click
                conversion.entrySums[entry] = sums.conversion
            }
        }
        if !terms.hasNumbers { return }
        for term in terms.list where term.slot.pointee.isNumber {
            click.addNumber(term)
            conversion.addNumber(term)
        }
    }

    @inline(__always)
    private mutating func addNumber(_ term: Term) {
        if !term.slot.pointee.row(target).isEmpty { addNumber(term, to: 0) }
    }
}
