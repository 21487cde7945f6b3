// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The releases of a directory, newest first.
struct ReleaseList: ~Copyable {
    struct Entry {
        var id: valuation_name
        var created = valuation_name()
        var bytes = 0
        var counts = Manifest.Counts()
        var isCompiled = false
        /// What is wrong with the manifest.
        var problem: valuation_name?

        var isSound: Bool { problem == nil }
    }

    private var entries = Buffer<Entry>()
    private var texts = TextStore()

    /// Reads the manifests. - Complexity: O(releases²) at worst, O(releases) reads.
    init(_ root: borrowing ReleaseFolder, note: Note) throws(Failure) {
        try root.requireReleases()
        let releases = try root.releases()
        var ids = NameList()
        try releases.forEachName { name throws(Failure) in
            if ReleaseID.isSound(name), try releases.isFolder(name) { try ids.append(name) }
        }
        try ids.forEach { id throws(Failure) in try add(id, root, note) }
        sort()
    }

    var count: Int { entries.count }

    subscript(position: Int) -> Entry { entries[position] }

    func id(_ position: Int) -> Text { texts[entries[position].id] }

    func created(_ position: Int) -> Text { texts[entries[position].created] }

    private mutating func add(_ id: Text, _ root: borrowing ReleaseFolder, _ note: Note) throws(Failure) {
        var entry = Entry(id: try texts.keep(id))
        do throws(Failure) {
            let manifest = try root.manifest(of: id, note)
            entry.created = try texts.keep(manifest.text(manifest.created))
            entry.bytes = manifest.bytes
            entry.counts = manifest.counts
            entry.isCompiled = manifest.compiled != nil
        } catch {
            if error.status == .outOfMemory { throw error }
            // Removed in the meantime.
            if error.status == .unknownRelease { return }
            if error.status == .fileNotFound, !(try root.releases().contains(id)) { return }
            entry.problem = try texts.keep(note.message)
        }
        try entries.append(entry)
    }

    /// Newest first, those of the same second by id, unsound ones last.
    private mutating func sort() {
        for end in 1..<max(1, entries.count) {
            var place = end
            while place > 0, isBefore(place, place - 1) {
                let moved = entries[place]
                entries[place] = entries[place - 1]
                entries[place - 1] = moved
                place -= 1
            }
        }
    }

    private func isBefore(_ first: Int, _ second: Int) -> Bool {
        if entries[first].isSound != entries[second].isSound { return entries[first].isSound }
        let order = ReleaseList.compare(created(first), created(second))
        return order != 0 ? order > 0 : ReleaseList.compare(id(first), id(second)) > 0
    }

    private static func compare(_ first: Text, _ second: Text) -> Int {
        let order = Int(memcmp(first.start, second.start, min(first.count, second.count)))
        return order != 0 ? order : first.count - second.count
    }

    // MARK: As JSON

    /// - Parameter latest: the id that LATEST names, or empty.
    func write(latest: Text, to output: inout Buffer<UInt8>) throws(Failure) {
        try output.append("[")
        for position in 0..<count { try write(position, latest: latest, to: &output) }
        try output.endArray()
    }

    private func write(_ position: Int, latest: Text, to output: inout Buffer<UInt8>) throws(Failure) {
        let entry = entries[position]
        try output.beginObject()
        try output.member("id", quoted: id(position))
        try output.member("latest", bool: id(position) == latest)
        if let problem = entry.problem {
            try output.memberNull("created")
            try output.memberNull("bytes")
            try output.memberNull("campaigns")
            try output.memberNull("click_models")
            try output.memberNull("conversion_models")
            try output.memberNull("weights")
            try output.memberNull("compiled")
            try output.member("problem", quoted: texts[problem])
        } else {
            try output.member("created", quoted: created(position))
            try output.member("bytes", integer: entry.bytes)
            try output.member("campaigns", integer: entry.counts.campaigns)
            try output.member("click_models", integer: entry.counts.models.click)
            try output.member("conversion_models", integer: entry.counts.models.conversion)
            try output.member("weights", integer: entry.counts.weights)
            try output.member("compiled", bool: entry.isCompiled)
            try output.memberNull("problem")
        }
        try output.endObject()
    }
}
