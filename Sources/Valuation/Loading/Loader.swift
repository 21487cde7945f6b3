// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Reads model files into a snapshot: decodes and checks every document, builds the index, and runs every self-test.
struct Loader: ~Copyable {
    var stream: ModelStream
    var builder: IndexBuilder
    private var selfTests = SelfTests()
    /// The models (see `Target.key`) whose document had problems, so that no model is refused for extending them.
    private var refused = KeyTable()
    /// The number of collisions whose labels have been looked up.
    var namedCollisions = 0
    /// For each added model, whether one of its bases is missing; such a model is not tested.
    private var isIncomplete = Buffer<Bool>()

    /// The requested priors; missing ones are filled in from the models' training.
    private(set) var priors: Priors
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
        stream = ModelStream(
            wishes.secret, maximumInputBytes: wishes.maximumInputBytes, isSummed: wishes.isPublishing,
            problems: problems)
        builder = IndexBuilder(wishes.secret)
        priors = wishes.priors
        isPublishing = wishes.isPublishing
    }

    // Not inlined: it frees some fifty buffers.
    @inline(never)
    deinit {}

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
        try stream.open(memory: bytes, kind: kind)
        while try stream.nextOfFile() { try add() }
        return try finish()
    }

    /// Reports every problem of the models in files to the listener as long as it returns true; throws the first one at
    /// the end, described in their `firstNote`.
    mutating func validate(_ list: borrowing FileList) throws(Failure) {
        do {
            try read(list)
            _ = try finish()
        } catch {
            if stream.problems.count == 0 || error.status == .outOfMemory { throw error }
        }
        warnOfUntested()
        if stream.problems.count > 0 { throw .noted(stream.problems.status) }
    }

    /// For the models without any example.
    private func warnOfUntested() {
        for number in 0..<builder.added.count {
            let model = builder.added[number]
            if model.description.is_prior != 0 || model.description.self_tests > 0 { continue }
            setFile(of: model.origin)
            let isToGoOn = stream.problems.warn(
                "The model has no self-test, so nothing shows that trainer and engine agree; add a few.",
                at: "$.self_test", line: model.origin.line)
            if !isToGoOn { return }
        }
    }

    private mutating func read(_ list: borrowing FileList) throws(Failure) {
        while try stream.next(list) { try add() }
    }

    /// Adds the last document.
    private mutating func add() throws(Failure) {
        do throws(Failure) {
            if stream.isSound { try addSound() } else if stream.decoder.kind == .model { try refuseModel() }
        } catch {
            try stream.refuse(error)
        }
    }

    private mutating func addSound() throws(Failure) {
        let number = builder.added.count
        let origin = IndexBuilder.Origin(file: stream.files.count - 1, line: stream.line)
        if stream.decoder.kind == .campaign {
            return try builder.add(stream.decoder.campaign, origin: origin, note: stream.problems.note)
        }
        do throws(Failure) {
            try builder.add(stream.decoder.model, origin: origin, note: stream.problems.note)
        } catch {
            try refuseModel()
            if error.status == .keyCollision { try nameCollision() }
            throw error
        }
        try selfTests.add(stream.decoder.model, number: number)
    }

    /// Remembers that the last decoded model exists, although it is left out.
    private mutating func refuseModel() throws(Failure) {
        let campaign = builder.secret.campaign(stream.decoder.model.campaign.text)
        let key = stream.decoder.model.target.key(ofCampaign: campaign)
        if refused.find(key) == KeyTable.none { try refused.insert(key, 0) }
    }

    private mutating func finish() throws(Failure) -> Index {
        if builder.added.count == 0 {
            if stream.problems.count > 0 { throw .noted(stream.problems.status) }
            let nothing = Failure(.nothingLoaded, "There is no model in it; publish models before loading.")
            try stream.handle(nothing)
            throw nothing
        }
        try checkChains()
        try checkCampaigns()
        if isPublishing { builder.completePriors(&priors) }
        try builder.addPriors(priors, note: stream.problems.note)
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
            case .missingBase(let campaign):
                isIncomplete[number] = true
                let key = builder.added[number].target.key(ofCampaign: campaign)
                if refused.find(key) != KeyTable.none { continue }
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
        stream.problems.note.setMessage(
            "The base's is \(base), this \(rate), and a chain has one: say the base's, and add ln(own) to the intercept if fitted to its probability, ln(own / base's) if to its z."
        )
        stream.problems.note.setJSONPath("$.negative_sampling_rate")
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
            if try replay.isPassed(test, text: text, model: model, index: index, note: stream.problems.note) {
                continue
            }
            stream.problems.note.setJSONPath("$.self_test[\(test.index)]")
            try report(.noted(.selfTest), at: builder.added[test.model].origin)
        }
    }

    private mutating func checkCampaigns() throws(Failure) {
        for number in 0..<builder.campaigns.count where builder.isBaseMissing(of: builder.campaigns[number]) {
            let campaign = builder.campaigns[number]
            let key = builder.secret.campaign(builder.text(campaign.base))
            let wasRefused = Target.allCases.contains { refused.find($0.key(ofCampaign: key)) != KeyTable.none }
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
        try stream.problems.report(located)
    }

    private func setFile(of origin: IndexBuilder.Origin) {
        stream.problems.note.setFile(stream.files[origin.file])
    }
}
