// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Help texts that several commands share.
extension ArgumentHelp {
    static let models = ArgumentHelp(
        """
        The models: a file (.json, .jsonl, either with .gz), a directory of such files, a release, a directory of \
        releases (what LATEST names is taken), or a compiled file (.valuation).
        """, valueName: "path")

    /// For commands that need the files themselves.
    static let modelFiles = ArgumentHelp(
        """
        The models: a file (.json, .jsonl, either with .gz), a directory of such files, a release, or a directory of \
        releases (what LATEST names is taken).
        """, valueName: "path")

    static let releases = ArgumentHelp("The directory of releases.", valueName: "dir")

    static let store = ArgumentHelp(
        "The directory of releases there: https://, http://, s3://bucket/prefix or, to pull, file://.",
        valueName: "url")

    static let tableFormat = ArgumentHelp(
        "How to answer. (default: table on a terminal, jsonl elsewhere)", valueName: "format")

    static let textFormat = ArgumentHelp(
        "How to answer. (default: text on a terminal, jsonl elsewhere)", valueName: "format")
}
