// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Finding every problem of the models at a path, not only the first.
enum Validation {
    /// Reports every problem to the listener of `problems` as long as it returns true; throws the first one at the end,
    /// described in their `firstNote`.
    static func run(path: Text, maximumInputBytes: UInt64, problems: consuming Problems) throws(Failure) {
        let note = problems.note
        let source: Source
        do throws(Failure) {
            source = try Source(path: path, note: note)
        } catch {
            return try problems.end(reporting: error)
        }
        let wishes = Loader.Wishes(maximumInputBytes: maximumInputBytes, secret: source.secret)
        switch source {
        case .models(let list):
            var loader = Loader(wishes, problems: problems)
            try loader.validate(list)
        case .release(let release): try validate(release, wishes, problems)
        case .releases(let release): try validate(release, wishes, problems)
        case .compiled:
            do throws(Failure) {
                _ = try Opening(maximumInputBytes: maximumInputBytes, note: note).index(of: source)
            } catch {
                return try problems.end(reporting: error)
            }
        }
    }

    /// First the compiled file, then the model files, which show its contents.
    private static func validate(
        _ release: borrowing Release, _ wishes: Loader.Wishes, _ problems: consuming Problems
    ) throws(Failure) {
        if let compiled = release.manifest.compiled {
            let opening = Opening(maximumInputBytes: wishes.maximumInputBytes, note: problems.note)
            do {
                _ = try opening.index(ofCompiled: compiled, release)
            } catch {
                // Of a newer library, for example: engines then read the model files.
                let isOfAnother = error.status == .format && release.manifest.compiledFormat != CompiledFile.format
                if error.status == .outOfMemory { try problems.end(withoutMemory: error) }
                if !isOfAnother { try problems.report(error) }
            }
        }
        var asked = wishes
        asked.priors = release.manifest.priors
        let list = try FileList(release)
        var loader = Loader(asked, problems: problems)
        try loader.validate(list)
    }
}
