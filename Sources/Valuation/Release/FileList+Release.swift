// SPDX-License-Identifier: Apache-2.0

extension FileList {
    /// The model files of a release, which must live as long as the list is used.
    init(_ release: borrowing Release) throws(Failure) {
        folder = release.folder.descriptor
        for position in 0..<release.manifest.files.count {
            let file = release.manifest.files[position]
            try paths.append(folder: release.path.text, release.manifest.text(file.name))
            try sums.append(file.sum)
        }
    }
}
