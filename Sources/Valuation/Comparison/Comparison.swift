// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The changes from one set of models to another: see `valuation_compare`.
struct Comparison: ~Copyable {
    /// Only for this comparison, because its keys are not stored.
    private let secret: Secret
    private var table: WeightTable
    private let most: Int
    private var output = Buffer<UInt8>()
    private var moves = WeightMoves()
    private var totals = Totals()
    /// The models of the second set so far.
    private var seen = KeyTable()

    private struct Totals {
        var addedModels = 0
        var droppedModels = 0
        var changedModels = 0
        var unchangedModels = 0
        var added = 0
        var dropped = 0
        var moved = 0
    }

    /// - Parameter most: how many of a model's weights to name.
    /// - Returns: JSON.
    static func compare(
        before: Text, after: Text, most: Int, maximumInputBytes: UInt64, note: Note
    ) throws(Failure) -> Buffer<UInt8> {
        let secret = try Secret.random()
        var comparison = Comparison(secret, most: most)
        var stream = ModelStream(secret, maximumInputBytes: maximumInputBytes, problems: Problems(note: note))
        try forEachModel(of: before, &stream) { model throws(Failure) in try comparison.table.add(model) }
        try comparison.output.append("{\"models\":[")
        try forEachModel(of: after, &stream) { model throws(Failure) in try comparison.compare(model) }
        return try comparison.finish()
    }

    private init(_ secret: Secret, most: Int) {
        self.secret = secret
        table = WeightTable(secret)
        self.most = most
    }

    private static func forEachModel(
        of path: Text, _ stream: inout ModelStream, _ body: (borrowing Model) throws(Failure) -> Void
    ) throws(Failure) {
        try withFiles(path, stream.problems.note) { list throws(Failure) in
            while try stream.next(list) {
                if stream.decoder.kind == .campaign { continue }
                do throws(Failure) {
                    try body(stream.decoder.model)
                } catch {
                    try stream.refuse(error)
                }
            }
        }
    }

    private static func withFiles(
        _ path: Text, _ note: Note, _ body: (borrowing FileList) throws(Failure) -> Void
    ) throws(Failure) {
        let source = try Source(path: path, note: note)
        switch source {
        case .models(let list): try body(list)
        case .release(let release): try body(try FileList(release))
        case .releases(let release): try body(try FileList(release))
        case .compiled(let file):
            throw note.located(
                Failure(.invalidArgument, "A compiled file has no names; compare the model files it is made of."),
                file.text)
        }
    }

    /// Compares a model of the second set with that of the first.
    private mutating func compare(_ model: borrowing Model) throws(Failure) {
        let number = table.find(secret.campaign(model.campaign.text), model.target)
        let constant = WeightTable.constant(model)
        try refuseTwice(model)
        moves.removeAll()
        let former: WeightTable.Model? = number == KeyTable.none ? nil : table.models[Int(number)]
        try WeightNames.forEach(model, under: secret) { label, name, value throws(Failure) in
            guard former != nil, let place = table.find(number, label) else {
                return try moves.add(name: name, before: nil, after: value)
            }
            let old = table.weights[place].value
            table.weights[place].isMet = true
            if old == value { moves.countUnchanged() } else { try moves.add(name: name, before: old, after: value) }
        }
        guard let former else {
            totals.addedModels += 1
            totals.added += moves.added
            return try write(model.campaign.text, model.target, "added", before: nil, after: constant)
        }
        table.meet(number)
        for place in former.start..<former.end where !table.weights[place].isMet {
            try moves.add(name: table.text(table.weights[place].name), before: table.weights[place].value, after: nil)
        }
        let isSameBase = table.text(former.base) == model.base.text
        if moves.isEmpty && Comparison.isSame(former.constant, constant) && isSameBase {
            totals.unchangedModels += 1
            return
        }
        totals.changedModels += 1
        totals.added += moves.added
        totals.dropped += moves.dropped
        totals.moved += moves.moved
        let bases = isSameBase ? nil : (before: table.text(former.base), after: model.base.text)
        try write(
            model.campaign.text, model.target, "changed", before: former.constant, after: constant, bases: bases)
    }

    /// Also for values beyond a double's range.
    private static func isSame(_ before: Double, _ after: Double) -> Bool {
        before == after || before.isNaN && after.isNaN
    }

    /// Refuses a model that occurs twice in the second set.
    private mutating func refuseTwice(_ model: borrowing Model) throws(Failure) {
        let key = secret.campaign(model.campaign.text) ^ UInt64(model.target.rawValue)
        if seen.find(key) != KeyTable.none {
            var failure = Failure(.duplicateModel, "The campaign already has a model for this target; keep one.")
            failure.setJSONPath("$.campaign")
            throw failure
        }
        try seen.insert(key, 0)
    }

    private mutating func finish() throws(Failure) -> Buffer<UInt8> {
        for number in 0..<table.models.count where !table.models[number].isMet {
            let model = table.models[number]
            moves.removeAll()
            for place in model.start..<model.end {
                try moves.add(
                    name: table.text(table.weights[place].name), before: table.weights[place].value, after: nil)
            }
            totals.droppedModels += 1
            totals.dropped += moves.dropped
            try write(table.text(model.campaign), model.target, "dropped", before: model.constant, after: nil)
        }
        try output.endArray()
        try output.member("added_models", integer: totals.addedModels)
        try output.member("dropped_models", integer: totals.droppedModels)
        try output.member("changed_models", integer: totals.changedModels)
        try output.member("unchanged_models", integer: totals.unchangedModels)
        try output.member("added", integer: totals.added)
        try output.member("dropped", integer: totals.dropped)
        try output.member("moved", integer: totals.moved)
        try output.endObject()
        var finished = Buffer<UInt8>()
        swap(&finished, &output)
        return finished
    }

    private mutating func write(
        _ campaign: Text, _ target: Target, _ change: StaticString, before: Double?, after: Double?,
        bases: (before: Text, after: Text)? = nil
    ) throws(Failure) {
        try output.beginObject()
        try output.member("campaign", quoted: campaign)
        try output.member("target", literal: target.name)
        try output.member("change", literal: change)
        try output.member("constant", begin: "{")
        try output.member("before", number: before ?? .nan)
        try output.member("after", number: after ?? .nan)
        try output.endObject()
        if let bases {
            try output.member("extends", begin: "{")
            try output.member("before", quotedOrNull: bases.before)
            try output.member("after", quotedOrNull: bases.after)
            try output.endObject()
        }
        try moves.write(most: most, to: &output)
        try output.endObject()
    }
}
