// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation

@testable import Valuation

/// A test's own directory of releases.
final class ReleaseRoot: @unchecked Sendable {
    let folder: TemporaryFolder
    var path: String { "\(folder.path)/releases" }
    private var published = 0

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("releases")
        // The standard secret, so that an engine may also load other models.
        var secret = Buffer<UInt8>()
        try secret.append(secret: .standard)
        try folder.write("releases/SECRET", secret.text.string)
    }

    /// Publishes models under an id.
    ///
    /// - Parameter isCompiled: whether to write a compiled file, too.
    /// - Returns: the manifest.
    @discardableResult
    func publish(
        _ models: [ModelDocument], _ campaigns: [CampaignEntry] = [], id: String, isCompiled: Bool = true,
        priors: Priors = Priors()
    ) throws -> String {
        published += 1
        let lines = models.map(\.json) + campaigns.map(\.json)
        let batch = try folder.write("batch-\(published).jsonl", lines.joined(separator: "\n"))
        let batches = "\(folder.path)/batch-\(published)"
        try folder.makeFolder("batch-\(published)")
        // The model files of all releases have the same name.
        try FileManager.default.moveItem(atPath: batch, toPath: "\(batches)/models.jsonl")
        var publishing = valuation_publishing()
        publishing.struct_size = UInt32(MemoryLayout<valuation_publishing>.size)
        publishing.switches = isCompiled ? 0 : UInt32(VALUATION_PUBLISH_NO_COMPILED)
        (publishing.click_prior, publishing.conversion_prior) = (priors.click, priors.conversion)
        var report: OpaquePointer?
        try id.withCString { identifier in
            (publishing.id, publishing.id_length) = (identifier, id.utf8.count)
            try checked { error in
                valuation_publish(batches, batches.utf8.count, path, path.utf8.count, &publishing, &report, error)
            }
        }
        defer { valuation_report_destroy(report) }
        return valuation_report_text(report, nil).map { String(cString: $0) } ?? ""
    }

    /// Makes LATEST name a release.
    func select(_ id: String) throws(Complaint) {
        try checked { error in valuation_releases_select(path, path.utf8.count, id, id.utf8.count, nil, error) }
    }

    func removeRelease(_ id: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/releases/\(id)")
    }

    /// Overwrites a part of a release's file, as nobody should.
    func damage(_ id: String, _ file: String) throws {
        let place = "\(path)/releases/\(id)/\(file)"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: place)
        var bytes = try Data(contentsOf: URL(filePath: place))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: place))
    }
}
