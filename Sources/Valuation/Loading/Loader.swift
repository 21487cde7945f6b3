// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Reads model files into a snapshot: decodes and checks every document, builds the index, and runs every self-test.
struct Loader: ~Copyable {
    private var remaining: UInt64
    var problems: Problems
    var decoder: ModelDecoder
    var builder: IndexBuilder
    private var selfTests = SelfTests()
    /// Paths of the files read, NUL-terminated, end to end.
    var files = Buffer<UInt8>()
    var fileOffsets = Buffer<Int>()
    /// Campaigns whose document had problems, so that no model is refused for extending them.
    private var refusedClick = KeyTable()
    private var refusedConversion = KeyTable()
    /// The number of collisions whose labels have been looked up.
    var namedCollisions = 0
    /// For each added model, whether one of its bases is missing; such a model is not tested.
    private var isIncomplete = Buffer<Bool>()

    /// The requested priors; missing ones are filled in from the models' training.
    private(set) var priors: Priors
    /// The size and checksum of each file when it was read, in their order, if requested.
    private(set) var sums = Buffer<FileSum>()
    private let isPublishing: Bool

    /// Options of a load.
    struct Wishes {
        var maximumInputBytes: UInt64 = .max
        /// The secret of keys.
        var secret: Secret
        /// Used if there is no model of campaign "*".
        var priors = Priors()
        /// For publishing: missing priors are computed from the models, and each file's checksum is kept.
        var isPublishing = false
    }

    init(_ wishes: Wishes, problems: consuming Problems) {
        remaining = wishes.maximumInputBytes
        decoder = ModelDecoder(wishes.secret)
        builder = IndexBuilder(wishes.secret)
        priors = wishes.priors
        isPublishing = wishes.isPublishing
        self.problems = problems
    }

    init(_ wishes: Wishes, note: Note) {
        self.init(wishes, problems: Problems(note: note))
    }

    /// The index of the models in files. Throws the first problem, if any, described in the note.
    ///
    /// - Complexity: O(bytes + weights).
    mutating func index(of list: borrowing FileList) throws(Failure) -> Index {
        try read(list)
        return try finish()
    }

    /// The index of models in memory, as if they were in a file of the given type.
    mutating func index(of bytes: Text, kind: FileKind) throws(Failure) -> Index {
        try beginFile(name: Text("memory"))
        do throws(Failure) {
            var reader = try DocumentReader(source: ByteSource(memory: bytes), kind: kind)
            try readDocuments(&reader)
        } catch {
            try handle(error)
        }
        return try finish()
    }

    /// Reports every problem of the models in files to the listener as long as it returns true; throws the first one at
    /// the end, described in their `firstNote`.
    mutating func validate(_ list: borrowing FileList) throws(Failure) {
        do {
            try read(list)
            _ = try finish()
        } catch {
            if problems.count == 0 || error.status == .outOfMemory { throw error }
        }
        warnOfUntested()
        if problems.count > 0 { throw .noted(problems.status) }
    }

    /// For the models without any example.
    private func warnOfUntested() {
        for number in 0..<builder.added.count {
            let model = builder.added[number]
            if model.description.is_prior != 0 || model.description.self_tests > 0 { continue }
            setFile(of: model.origin)
            let isToGoOn = problems.warn(
                "The model has no self-test, so nothing shows that trainer and engine agree; add a few.",
                at: "$.self_test", line: model.origin.line)
            if !isToGoOn { return }
        }
    }

    private mutating func read(_ list: borrowing FileList) throws(Failure) {
        for position in 0..<list.count {
            let path = Text(cString: list[position])
            guard let kind = FileKind(name: path) else { continue }
            try beginFile(name: path)
            do {
                let expected = list.expected(position)
                let source = try list.open(position, isSummed: isPublishing || expected != nil)
                var reader = try DocumentReader(source: source, kind: kind)
                try read(&reader, expected)
            } catch {
                // This file cannot be read further; the next may be sound.
                try handle(error)
            }
        }
    }

    /// Reads a file and compares it with its expected size and checksum. If they differ, that is reported instead of
    /// problems in it.
    private mutating func read(_ reader: inout DocumentReader, _ expected: FileSum?) throws(Failure) {
        do throws(Failure) {
            try readDocuments(&reader)
        } catch {
            if error.status == .outOfMemory { throw error }
            if try !reader.isChanged(from: expected) { throw error }
            if problems.hasEnded { try problems.end(with: .changedFile) }
            throw .changedFile
        }
        if try reader.isChanged(from: expected) { throw .changedFile }
        if isPublishing { try sums.append(try reader.finish()) }
    }

    private mutating func beginFile(name: Text) throws(Failure) {
        try fileOffsets.append(files.count)
        try files.append(name)
        try files.append(0)
        problems.note.setFile(name)
    }

    private mutating func readDocuments(_ reader: inout DocumentReader) throws(Failure) {
        while let text = try reader.next(remaining: &remaining) {
            let line = reader.splitsLines ? reader.line : 0
            do {
                try add(text, firstLine: reader.line, line: line)
            } catch {
                try handle(error, line: line)
            }
        }
    }

    /// Handles a failure: one that has not been reported yet is a problem of the current file. Lack of memory ends the
    /// work, whoever listens.
    private mutating func handle(_ failure: Failure, line: UInt32 = 0) throws(Failure) {
        if problems.hasEnded { throw failure }
        if failure.status == .outOfMemory { try problems.end(withoutMemory: failure) }
        var located = failure
        if located.line == 0 { located.line = line }
        try problems.report(located)
    }

    private mutating func add(_ document: Text, firstLine: UInt32, line: UInt32) throws(Failure) {
        guard try decoder.decode(document, firstLine: firstLine, line: line, problems: &problems) else {
            return decoder.kind == .model ? try refuseModel() : ()
        }
        let number = builder.added.count
        let origin = IndexBuilder.Origin(file: fileOffsets.count - 1, line: line)
        if decoder.kind == .campaign {
            return try builder.add(decoder.campaign, origin: origin, note: problems.note)
        }
        do {
            try builder.add(decoder.model, origin: origin, note: problems.note)
        } catch {
            try refuseModel()
            if error.status == .keyCollision { try nameCollision() }
            throw error
        }
        try selfTests.add(decoder.model, number: number)
    }

    /// Remembers that the last decoded model exists, although it is left out.
    private mutating func refuseModel() throws(Failure) {
        let key = builder.secret.campaign(decoder.model.campaign.text)
        if decoder.model.target == .click {
            if refusedClick.find(key) == KeyTable.none { try refusedClick.insert(key, 0) }
        } else {
            if refusedConversion.find(key) == KeyTable.none { try refusedConversion.insert(key, 0) }
        }
    }

    private mutating func finish() throws(Failure) -> Index {
        if builder.added.count == 0 {
            if problems.count > 0 { throw .noted(problems.status) }
            let nothing = Failure(.nothingLoaded, "There is no model in it; publish models before loading.")
            try handle(nothing)
            throw nothing
        }
        try checkChains()
        try checkCampaigns()
        if isPublishing { builder.completePriors(&priors) }
        try builder.addPriors(priors, note: problems.note)
        let numbering = try ModelNumbering(builder)
        let index = try builder.finish(numbering)
        builder.removeWeights()
        try replaySelfTests(index, numbering)
        return index
    }

    private mutating func checkChains() throws(Failure) {
        try isIncomplete.resize(builder.added.count, filling: false)
        for number in 0..<builder.added.count {
            switch builder.chain(of: number) {
            case .sound: try checkRate(of: number)
            case .missingBase(let key):
                isIncomplete[number] = true
                let isClick = builder.added[number].target == .click
                if (isClick ? refusedClick.find(key) : refusedConversion.find(key)) != KeyTable.none { continue }
                var failure = Failure(
                    .unknownModel, "The model that it extends is not there for this target; load both together.")
                failure.setJSONPath("$.extends")
                try report(failure, at: builder.added[number].origin)
            case .missingFurtherBase:
                isIncomplete[number] = true
            case .tooLong:
                isIncomplete[number] = true
                var failure = Failure(
                    .unknownModel, "The chain of \"extends\" is a cycle or longer than 4 models; shorten it.")
                failure.setJSONPath("$.extends")
                try report(failure, at: builder.added[number].origin)
            }
        }
        for number in 0..<builder.added.count where isIncomplete[number] { builder.removeBase(of: number) }
    }

    /// A correction to the base's logit is valid only for the same sampling rate.
    @inline(never)
    private mutating func checkRate(of number: Int) throws(Failure) {
        let model = builder.added[number]
        if !model.hasBase { return }
        let rate = model.description.negative_sampling_rate
        let base = builder.added[Int(builder.base(of: model))].description.negative_sampling_rate
        if (rate - base).magnitude <= SelfTests.tolerance * base { return }
        problems.note.setMessage(
            "The base's is \(base), this \(rate), and a chain has one: say the base's, and add ln(own) to the intercept if fitted to its probability, ln(own / base's) if to its z."
        )
        problems.note.setJSONPath("$.negative_sampling_rate")
        try report(.noted(.invalidValue), at: model.origin)
    }

    private mutating func replaySelfTests(
        _ index: borrowing Index, _ numbering: borrowing ModelNumbering
    ) throws(Failure) {
        var replay = try SelfTests.Replay()
        for position in 0..<selfTests.count {
            let test = selfTests[position]
            if isIncomplete[test.model] { continue }
            let model = numbering.indexNumber[test.model]
            let text = selfTests.text(of: test)
            if try replay.isPassed(test, text: text, model: model, index: index, note: problems.note) { continue }
            problems.note.setJSONPath("$.self_test[\(test.index)]")
            try report(.noted(.selfTest), at: builder.added[test.model].origin)
        }
    }

    private mutating func checkCampaigns() throws(Failure) {
        for number in 0..<builder.campaigns.count where builder.isBaseMissing(of: builder.campaigns[number]) {
            let campaign = builder.campaigns[number]
            let key = builder.secret.campaign(builder.text(campaign.base))
            let wasRefused = refusedClick.find(key) != KeyTable.none || refusedConversion.find(key) != KeyTable.none
            if wasRefused { continue }
            var failure = Failure(
                .unknownModel, "The campaign that it extends has no model; load both together, or name another one.")
            failure.setJSONPath("$.extends")
            try report(failure, at: campaign.origin)
        }
    }

    /// Reports a problem of an added model.
    @inline(never)
    private mutating func report(_ failure: Failure, at origin: IndexBuilder.Origin) throws(Failure) {
        setFile(of: origin)
        var located = failure
        located.line = origin.line
        try problems.report(located)
    }

    private func setFile(of origin: IndexBuilder.Origin) {
        let name = UnsafeRawPointer(files.text.start + fileOffsets[origin.file]).assumingMemoryBound(to: CChar.self)
        problems.note.setFile(Text(cString: name))
    }
}
