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

    /// Reads the manifests. - Complexity: O(releases × log releases), O(releases) reads.
    init(_ root: borrowing ReleaseFolder, note: Note) throws(Failure) {
        try root.requireReleases()
        let releases = try root.releases()
        var ids = NameList()
        try releases.forEachName { name throws(Failure) in
            if ReleaseID.isSound(name), try releases.isFolder(name) { try ids.append(name) }
        }
        try ids.forEach { id throws(Failure) in try add(id, root, note) }
        Heap.sort(entries.elements) { isBefore($1, $0) }
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
    private func isBefore(_ first: Entry, _ second: Entry) -> Bool {
        if first.isSound != second.isSound { return first.isSound }
        let order = ReleaseList.compare(texts[first.created], texts[second.created])
        return order != 0 ? order > 0 : ReleaseList.compare(texts[first.id], texts[second.id]) > 0
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
        let counts = entry.isSound ? entry.counts : nil
        try output.member("created", quotedOrNull: counts == nil ? .empty : created(position))
        try output.member("bytes", integer: counts == nil ? nil : entry.bytes)
        try output.member("campaigns", integer: counts?.campaigns)
        try output.member("click_models", integer: counts?.models.click)
        try output.member("conversion_models", integer: counts?.models.conversion)
        try output.member("weights", integer: counts?.weights)
        try output.member("compiled", begin: counts == nil ? "null" : entry.isCompiled ? "true" : "false")
        try output.member("problem", quotedOrNull: entry.problem.map { texts[$0] } ?? .empty)
        try output.endObject()
    }
}
