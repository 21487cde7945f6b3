// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Reads model files into a snapshot: every document decoded and checked, the index built, every self-test replayed.
struct Loader: ~Copyable {
    private var remaining: UInt64
    private var problems: Problems
    private var decoder = ModelDecoder()
    private var builder = IndexBuilder()
    private var selfTests = SelfTests()
    /// Paths of the files read, NUL-terminated, end to end.
    private var files = Buffer<UInt8>()
    private var fileOffsets = Buffer<Int>()
    /// Campaigns whose document had problems, so that what extends them is not blamed for it.
    private var refused = KeyTable()
    /// For each added model, whether one of its bases is missing; such a model is not tried.
    private var isIncomplete = Buffer<Bool>()

    private init(maximumInputBytes: UInt64, listener: ((Failure) -> Bool)?) {
        remaining = maximumInputBytes
        problems = Problems(listener: listener)
    }

    /// The models at `path`, a file or a directory. Throws the first problem, if there is one.
    ///
    /// - Complexity: O(bytes + weights).
    static func load(path: Text, maximumInputBytes: UInt64) throws(Failure) -> Snapshot {
        var loader = Loader(maximumInputBytes: maximumInputBytes, listener: nil)
        try loader.read(path: path)
        return try loader.finish()
    }

    /// The models in memory, as if they were in a file of the given kind.
    static func load(bytes: Text, kind: FileKind) throws(Failure) -> Snapshot {
        var loader = Loader(maximumInputBytes: .max, listener: nil)
        try loader.beginFile(name: Text("memory"))
        try loader.read(source: ByteSource(memory: bytes), kind: kind, file: "memory")
        return try loader.finish()
    }

    /// Tells `listener` every problem of the models at `path` as long as it returns true; throws the first at the end.
    static func validate(path: Text, maximumInputBytes: UInt64, listener: @escaping (Failure) -> Bool) throws(Failure) {
        var loader = Loader(maximumInputBytes: maximumInputBytes, listener: listener)
        do {
            try loader.read(path: path)
            _ = try loader.finish()
        } catch {
            throw error.status == .outOfMemory ? error : loader.problems.first ?? error
        }
        if let first = loader.problems.first { throw first }
    }

    private mutating func read(path: Text) throws(Failure) {
        let list: FileList
        do {
            list = try FileList(path: path)
        } catch {
            try handle(error, file: path.string)
            return
        }
        for position in 0..<list.count {
            let name = Text(cString: list[position])
            guard let kind = FileKind(name: name) else { continue }
            try beginFile(name: name)
            let file = name.string
            do {
                try read(source: try ByteSource(path: list[position]), kind: kind, file: file)
            } catch {
                // This file cannot be read further; the next may be sound.
                try handle(error, file: file)
            }
        }
    }

    private mutating func beginFile(name: Text) throws(Failure) {
        try fileOffsets.append(files.count)
        try files.append(name)
        try files.append(0)
    }

    private mutating func read(source: consuming ByteSource, kind: FileKind, file: String) throws(Failure) {
        var reader = try DocumentReader(source: source, kind: kind)
        while let text = try reader.next(remaining: &remaining) {
            let line = kind.lines ? reader.line : 0
            do {
                let document = try JSONDocument(text, firstLine: reader.line)
                try add(document, file: file, line: line)
            } catch {
                try handle(error, file: file, line: line)
            }
        }
    }

    /// Deals with a failure: one that has not been reported yet is a problem of the place given. Without memory the work
    /// ends whoever is listening.
    private mutating func handle(_ failure: Failure, file: String, line: UInt32 = 0) throws(Failure) {
        if problems.hasEnded || failure.status == .outOfMemory { throw failure }
        var located = failure
        if located.file.isEmpty { located.file = file }
        if located.line == 0 { located.line = line }
        try problems.report(located)
    }

    private mutating func add(_ document: borrowing JSONDocument, file: String, line: UInt32) throws(Failure) {
        guard try decoder.decode(document, file: file, line: line, problems: &problems) else {
            let key = Key.campaign(decoder.model.campaign.text)
            if refused.find(key) == KeyTable.none { try refused.insert(key, 0) }
            return
        }
        let number = builder.added.count
        try builder.add(decoder.model, origin: IndexBuilder.Origin(file: fileOffsets.count - 1, line: line))
        try selfTests.add(decoder.model, number: number)
    }

    private mutating func finish() throws(Failure) -> Snapshot {
        if builder.added.count == 0 {
            if let first = problems.first { throw first }
            try handle(
                Failure(.nothingLoaded, "There is no model in it; publish models before loading."), file: firstFile)
            throw Failure(.nothingLoaded, "There is no model in it.")
        }
        try checkChains()
        let numbering = try builder.numbering()
        let index = try builder.finish(numbering)
        let descriptions = try builder.takeDescriptions(numbering)
        try replaySelfTests(index, numbering)
        return Snapshot(index: index, descriptions: descriptions)
    }

    private var firstFile: String {
        fileOffsets.count == 0 ? "" : Text(cString: name(ofFile: 0)).string
    }

    private mutating func checkChains() throws(Failure) {
        try isIncomplete.resize(builder.added.count, filling: false)
        for number in 0..<builder.added.count {
            switch builder.chain(of: number) {
            case .sound: continue
            case .missingBase(let key):
                isIncomplete[number] = true
                if refused.find(key) != KeyTable.none { continue }
                let message = "The model that it extends is not there for this target; load both together."
                try report(Failure(.unknownModel, message), at: "$.extends", of: number)
            case .missingFurtherBase:
                isIncomplete[number] = true
            case .tooLong:
                isIncomplete[number] = true
                let message = "The chain of \"extends\" is a cycle or longer than 4 models; shorten it."
                try report(Failure(.unknownModel, message), at: "$.extends", of: number)
            }
        }
        for number in 0..<builder.added.count where isIncomplete[number] { builder.removeBase(of: number) }
    }

    private mutating func replaySelfTests(
        _ index: borrowing Index, _ numbering: borrowing IndexBuilder.Numbering
    ) throws(Failure) {
        var replay = try SelfTests.Replay()
        for position in 0..<selfTests.count {
            let test = selfTests[position]
            if isIncomplete[test.model] { continue }
            let model = numbering.indexNumber[test.model]
            guard let failure = try replay.failure(of: test, text: selfTests.text(of: test), model: model, index: index)
            else { continue }
            try report(failure, at: "$.self_test[\(test.index)]", of: test.model)
        }
    }

    /// Reports a problem of an added model.
    private mutating func report(_ failure: Failure, at jsonPath: String, of number: Int) throws(Failure) {
        let origin = builder.added[number].origin
        var located = failure
        located.file = Text(cString: name(ofFile: origin.file)).string
        located.line = origin.line
        located.jsonPath = jsonPath
        try problems.report(located)
    }

    private func name(ofFile position: Int) -> UnsafePointer<CChar> {
        UnsafeRawPointer(files.text.start + fileOffsets[position]).assumingMemoryBound(to: CChar.self)
    }
}
