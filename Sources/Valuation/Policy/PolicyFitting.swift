// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Reasons why a valid policy does not fit the models, with the path in the policy.
struct PolicyFitting {
    let note: Note
    /// Of the policy's file.
    let path: Text

    /// Throws if a predictor needs observed counts, and there are none.
    func checkObserved(_ document: borrowing PolicyDocument, _ index: borrowing Index) throws(Failure) {
        if index.overall.click > 0 { return }
        for number in 0..<document.predictors.count
        where document.predictors[number].kind == .naive {
            let name = document.text(document.predictors[number].name)
            throw failure(
                .invalidValue, try JSONPath.of(Text("predictors"), name, Text("naive")),
                "The models of the release do not say how often ads are clicked; publish it with campaign documents or priors."
            )
        }
    }

    /// The failure for releases by id if no directory of releases is known.
    func withoutReleases(_ document: borrowing PolicyDocument, _ release: Int) throws(Failure) -> Failure {
        try failure(
            .unknownRelease, document, release: release,
            "Releases are named by id, but no directory of releases is loaded; load one, or name LATEST alone.")
    }

    /// A release that could not be opened. - Returns: what to throw; damage is reported at its location in the release.
    private func located(
        _ error: Failure, _ document: borrowing PolicyDocument, _ release: Int
    ) throws(Failure) -> Failure {
        if error.status != .unknownRelease && error.status != .fileNotFound { return error }
        let id = document.text(document.releases[release].id)
        return try failure(
            .unknownRelease, document, release: release,
            "There is no release \"\(id)\" (nor are predictors named here); it was removed, or is misspelt: see `valuation releases`."
        )
    }

    /// Opens a release that a policy names. - Parameter number: its number in the document.
    func release(
        _ number: Int, of document: borrowing PolicyDocument, root: Text
    ) throws(Failure) -> Release {
        do throws(Failure) {
            let folder = try ReleaseFolder.open(root, note)
            return try folder.release(document.text(document.releases[number].id), note: note)
        } catch {
            throw try located(error, document, number)
        }
    }

    private func failure(
        _ status: Status, _ document: borrowing PolicyDocument, release: Int, _ message: Message
    ) throws(Failure) -> Failure {
        let named = document.releases[release]
        let predictor = document.predictors[named.predictor]
        var path = try JSONPath.of(Text("predictors"), document.text(predictor.name))
        if predictor.kind == .ensemble {
            try path.push(Text("ensemble"))
            try path.push(index: named.member)
        } else {
            try path.push(Text("release"))
        }
        return failure(status, path, message)
    }

    private func failure(_ status: Status, _ jsonPath: borrowing JSONPath, _ message: Message) -> Failure {
        note.setFile(path)
        note.setMessage(message)
        note.setJSONPath(jsonPath)
        note.describe(.noted(status))
        return .noted(status)
    }
}
