// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// The files that a path stands for, and their order.
@Suite struct FileListTests {
    private func names(_ path: String) throws(Failure) -> [String] {
        try withText(path) { text throws(Failure) in
            let list = try FileList(path: text)
            return (0..<list.count).map { list[$0].string }
        }
    }

    @Test(arguments: ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz"])
    func aFileStandsForItself(name: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(name, "")
        #expect(try names(path) == [path])
    }

    @Test func aFolderStandsForItsModelFilesInTheOrderOfTheBytesOfTheirNames() throws {
        let folder = try TemporaryFolder()
        let sorted = ["1.json", "10.json", "2.json", "B.jsonl", "a.json.gz", "a.jsonl.gz", "b.json", "ä.json"]
        let others = [".a.json", "README.md", "a.json.bak", "a.gz", "a.JSON", "json", "LATEST", "a.jsonl.gz.tmp"]
        for name in (sorted + others).shuffled() { try folder.write(name, "") }
        try folder.makeFolder("releases")
        try folder.write("releases/c.json", "")
        #expect(try names(folder.path) == sorted.map { "\(folder.path)/\($0)" })
        #expect(try names(folder.path + "/") == sorted.map { "\(folder.path)/\($0)" })
    }

    @Test(arguments: [1, 2, 3, 10, 100, 257])
    func anyNumberOfFilesIsSorted(count: Int) throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: UInt64(count))
        var sorted = Set<String>()
        while sorted.count < count { sorted.insert("\(generator.next() % 100_000).json") }
        for name in sorted { try folder.write(name, "") }
        #expect(try names(folder.path) == sorted.sorted().map { "\(folder.path)/\($0)" })
    }

    @Test func aMissingPathIsNotFound() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("a.json", "")
        for path in [folder.path + "/b.json", folder.path + "/b", file + "/c.json"] {
            #expect(complaint { () throws(Failure) in _ = try names(path) }?.status == .fileNotFound)
        }
    }

    @Test func aFolderWithoutModelFilesHoldsNothing() throws {
        let folder = try TemporaryFolder()
        try folder.write(".a.json", "")
        #expect(complaint { () throws(Failure) in _ = try names(folder.path) }?.status == .nothingLoaded)
    }

    @Test(arguments: ["", "a\0b.json"])
    func anInvalidPathIsRefused(path: String) {
        #expect(complaint { () throws(Failure) in _ = try names(path) }?.status == .invalidArgument)
    }

    @Test func anotherEndingIsRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("model.txt", "")
        #expect(complaint { () throws(Failure) in _ = try names(path) }?.status == .invalidArgument)
    }

    /// Opening a pipe must not wait for a writer: that would block the load.
    @Test func aPipeIsNotAModelFile() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/a.json"
        try #require(mkfifo(path, 0o600) == 0)
        let failure = try #require(loadComplaint(atPath: path))
        #expect(failure.status == .readFailed)
        #expect(failure.file == path)
    }
}
