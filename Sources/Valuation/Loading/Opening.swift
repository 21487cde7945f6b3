// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Opening models of any type.
struct Opening {
    var maximumInputBytes: UInt64
    /// Whether compiled files are mapped without checking their contents.
    var trustsCompiled = false
    /// Whether they are copied to memory instead of being mapped.
    var copiesCompiled = false
    /// Whether an index that would have to be built is refused.
    var isCompiledOnly = false
    /// The secret of keys; nil to take that of the models.
    var secret: Secret?
    let note: Note

    /// The index of a source.
    func index(of source: borrowing Source) throws(Failure) -> Index {
        switch source {
        case .models(let list): try index(of: list, priors: Priors(), under: secret ?? source.secret)
        case .release(let release): try index(of: release)
        case .releases(let release): try index(of: release)
        case .compiled(let path): try index(ofCompiled: path)
        }
    }

    /// The compiled file's index if the release has one that this library can read, otherwise one of its model files.
    func index(of release: borrowing Release) throws(Failure) -> Index {
        if let secret, secret != release.secret { throw note.located(Secret.another, release.path.text) }
        if let compiled = release.manifest.compiled, release.manifest.compiledFormat == CompiledFile.format {
            do {
                return try index(ofCompiled: compiled, release)
            } catch {
                // Of another byte order, for example.
                if error.status != .format { throw error }
            }
        }
        do throws(Failure) {
            return try index(of: try FileList(release), priors: release.manifest.priors, under: release.secret)
        } catch {
            throw error.status == .notCompiled ? note.located(error, release.path.text) : error
        }
    }

    /// The compiled index of a release.
    func index(ofCompiled file: Manifest.File, _ release: borrowing Release) throws(Failure) -> Index {
        let name = release.manifest.text(file.name)
        let path = try CString(path: release.path.text, name)
        do {
            let terminated = try CString(name)
            let descriptor = valuation_platform_open_at(release.folder.descriptor, terminated.start)
            return try open(descriptor, .manifest(file.sum), release.secret)
        } catch {
            throw note.located(error, path.text)
        }
    }

    /// The index of a single compiled file: under the engine's secret, the standard one, or that in SECRET beside it.
    private func index(ofCompiled path: borrowing CString) throws(Failure) -> Index {
        do throws(Failure) {
            return try index(ofCompiled: path, under: secret ?? .standard)
        } catch {
            if error.status != .secret || secret != nil { throw error }
        }
        let start = path.text.lastComponent
        let beside = try ReleaseFolder.open(start == 0 ? Text(".") : path.text.slice(0, start), note)
        return try index(ofCompiled: path, under: try beside.secret(note))
    }

    private func index(ofCompiled path: borrowing CString, under secret: Secret) throws(Failure) -> Index {
        do throws(Failure) {
            return try open(valuation_platform_open(path.start), .own, secret)
        } catch {
            throw note.located(error, path.text)
        }
    }

    private func open(
        _ descriptor: Int32, _ check: CompiledFile.Check, _ secret: Secret
    ) throws(Failure) -> Index {
        if descriptor < 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        defer { close(descriptor) }
        let wishes = CompiledFile.Wishes(
            check: trustsCompiled ? .trust : check, isCopied: copiesCompiled, secret: secret)
        return try CompiledFile.index(in: descriptor, wishes)
    }

    private func index(of list: borrowing FileList, priors: Priors, under secret: Secret) throws(Failure) -> Index {
        if isCompiledOnly {
            throw Failure(
                .notCompiled,
                "It has no compiled file that this library maps, and the engine builds none; publish it with this version."
            )
        }
        var loader = Loader(
            Loader.Wishes(maximumInputBytes: maximumInputBytes, secret: secret, priors: priors), note: note)
        return try loader.index(of: list)
    }
}
