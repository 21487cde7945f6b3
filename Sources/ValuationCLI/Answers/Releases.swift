// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The library's calls on releases. What the library refuses is thrown as a `Problem`.
enum Releases {
    /// How models are to be published.
    struct Wishes {
        /// nil for the time of the call.
        var id: String?
        /// P(click) for campaigns without any model; nil to compute it from the training of the models.
        var clickPrior: Double?
        /// P(conversion | click), likewise.
        var conversionPrior: Double?
        var writesCompiled = true
        var keepsLatest = false
    }

    /// Publishes the models at `path` in the directory of releases `root`. - Returns: the manifest.
    static func publish(path: String, to root: String, _ wishes: Wishes) throws -> Report {
        try Report { report, error in
            (wishes.id ?? "").withText { id, idLength in
                var publishing = valuation_publishing()
                publishing.struct_size = UInt32(MemoryLayout<valuation_publishing>.size)
                if !wishes.writesCompiled { publishing.switches |= UInt32(VALUATION_PUBLISH_NO_COMPILED) }
                if wishes.keepsLatest { publishing.switches |= UInt32(VALUATION_PUBLISH_KEEP_LATEST) }
                (publishing.id, publishing.id_length) = (id, idLength)
                publishing.click_prior = wishes.clickPrior ?? 0
                publishing.conversion_prior = wishes.conversionPrior ?? 0
                return path.withText { path, pathLength in
                    root.withText { valuation_publish(path, pathLength, $0, $1, &publishing, report, error) }
                }
            }
        }
    }

    /// The releases of a directory, newest first.
    static func list(_ root: String) throws -> Report {
        try Report { report, error in root.withText { valuation_releases_list($0, $1, report, error) } }
    }

    /// The id that LATEST names; nil if it names nothing readable.
    static func latest(of root: String) -> String? {
        let releases = try? list(root).decoded(as: [ReleaseSummary].self)
        return releases?.first { $0.latest }?.id
    }

    /// Makes LATEST name another release. - Parameter id: nil for the one that LATEST named before. - Returns: its
    /// manifest.
    static func select(_ root: String, id: String?) throws -> Report {
        try Report { report, error in
            root.withText { root, rootLength in
                (id ?? "").withText { valuation_releases_select(root, rootLength, $0, $1, report, error) }
            }
        }
    }

    /// Removes all releases except the newest `keep` and the one that LATEST names. - Returns: the ids removed.
    static func prune(_ root: String, keep: Int) throws -> Report {
        try Report { report, error in root.withText { valuation_releases_prune($0, $1, keep, report, error) } }
    }

    /// Writes the finished index of the models at `path` to `file`.
    static func compile(path: String, to file: String) throws {
        try Library.requireMatchingInterface()
        var error = Library.emptyError()
        let status = path.withText { path, pathLength in
            file.withText { valuation_compile(path, pathLength, $0, $1, &error) }
        }
        if status != VALUATION_OK { throw Problem(error) }
    }

    /// Compares the weights of two sets of models.
    /// - Parameter most: how many weights to name of each model.
    static func compare(before: String, after: String, most: Int) throws -> Report {
        try Report { report, error in
            before.withText { before, beforeLength in
                after.withText { valuation_compare(before, beforeLength, $0, $1, most, report, error) }
            }
        }
    }
}
