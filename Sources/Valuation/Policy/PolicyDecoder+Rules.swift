// SPDX-License-Identifier: Apache-2.0
import CKernels

/// `overrides` and `experiments`: who gets which predictor.
extension PolicyDecoder {
    mutating func decodeOverrides(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let overrides = try problems.enter(root, "overrides", .array, "It must be an array of overrides.") else {
            return
        }
        defer { problems.path.pop() }
        for index in 0..<overrides.count {
            guard let value = try rule(overrides, index, &problems) else { continue }
            defer { problems.path.pop() }
            try checkMembers(value, "scope predictor reason expires", &problems)
            var rule = PolicyDocument.Rule(isOverride: true, position: index, name: valuation_name())
            if let reason = try name(value, "reason", &problems) { rule.name = try document.keep(reason) }
            rule.scope = try scope(value, &problems)
            rule.end = try time(value, "expires", &problems) ?? .max
            if let predictor = try reference(value, "predictor", &problems) { rule.predictor = predictor }
            try document.rules.append(rule)
        }
    }

    mutating func decodeExperiments(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard
            let experiments = try problems.enter(root, "experiments", .array, "It must be an array of experiments.")
        else { return }
        defer { problems.path.pop() }
        let first = document.rules.count
        for index in 0..<experiments.count {
            guard let value = try rule(experiments, index, &problems) else { continue }
            defer { problems.path.pop() }
            try decodeExperiment(value, index, &problems)
        }
        try checkUniqueness(from: first, &problems)
        try sortByLayer(from: first)
    }

    /// Enters an element of a list of rules. - Returns: nil if it is not a rule; then it is not entered.
    private mutating func rule(
        _ list: JSONValue, _ index: Int, _ problems: inout Problems
    ) throws(Failure) -> JSONValue? {
        try problems.path.push(index: index)
        if document.rules.count == PolicyDocument.maximumRules {
            try problems.report(.limitExceeded, "More than 10,000 overrides and experiments.")
        } else if let value = list.element(index), value.isObject {
            return value
        } else {
            try problems.report(.invalidValue, "It must be an object.")
        }
        problems.path.pop()
        return nil
    }

    private mutating func decodeExperiment(
        _ value: JSONValue, _ index: Int, _ problems: inout Problems
    ) throws(Failure) {
        try checkMembers(value, "name layer salt unit scope variants holdout start end", &problems)
        var rule = PolicyDocument.Rule(isOverride: false, position: index, name: valuation_name())
        if let text = try name(value, "name", &problems) { rule.name = try document.keep(text) }
        if let salt = try name(value, "salt", &problems) {
            rule.salt = try document.keep(salt)
            rule.salt.end = try document.keep(Text(Bucket.separator)).end
        }
        let layer = value.member("layer") == nil ? Text("default") : try name(value, "layer", &problems)
        if let layer { rule.layer = try document.layerNumber(layer) }
        let unit = value.member("unit") == nil ? Text(PolicyDocument.plainUnit) : try name(value, "unit", &problems)
        if let unit {
            rule.unit = try document.unitNumber(unit)
            if rule.unit >= PolicyDocument.maximumUnits {
                try problems.report(.limitExceeded, at: "unit", "More than 16 different units.")
            }
        }
        rule.scope = try scope(value, &problems)
        rule.start = try time(value, "start", &problems) ?? .min
        rule.end = try time(value, "end", &problems) ?? .max
        if rule.start >= rule.end {
            try problems.report(.invalidValue, at: "end", "It must be later than the start.")
        }
        rule.variants = try variants(of: value, &problems)
        try document.rules.append(rule)
    }

    // MARK: Variants

    private mutating func variants(
        of experiment: JSONValue, _ problems: inout Problems
    ) throws(Failure) -> PolicyDocument.Part {
        let first = document.variants.count
        let holdout = try share(experiment, "holdout", isRequired: false, &problems)
        try problems.path.push(Text("variants"))
        defer { problems.path.pop() }
        guard let list = experiment.member("variants"), list.isArray,
            (1...PolicyDocument.maximumVariants).contains(list.count)
        else {
            try problems.report(
                .invalidValue, "It must be an array of 1 to 100 variants, the control being the first.")
            return PolicyDocument.Part(start: first, end: first)
        }
        var end = 0
        for index in 0..<list.count {
            try problems.path.push(index: index)
            defer { problems.path.pop() }
            guard let value = list.element(index), value.isObject else {
                try problems.report(.invalidValue, "A variant is an object.")
                continue
            }
            end += try addVariant(value, since: first, behind: end, &problems)
        }
        if end + holdout > Bucket.count {
            try problems.report(
                .invalidValue, "The shares and the holdout add up to \(end + holdout) of 10,000; lower some.")
        }
        if holdout > 0 {
            let name = try document.keep(Text(PolicyDocument.holdout))
            try document.variants.append(
                PolicyDocument.Variant(name: name, end: end + holdout, predictor: document.defaultPredictor))
        }
        return PolicyDocument.Part(start: first, end: document.variants.count)
    }

    /// - Returns: its share.
    private mutating func addVariant(
        _ value: JSONValue, since first: Int, behind end: Int, _ problems: inout Problems
    ) throws(Failure) -> Int {
        try checkMembers(value, "name share predictor", &problems)
        let share = try share(value, "share", isRequired: true, &problems)
        var predictor = PolicyDocument.Variant.none
        if let named = value.member("predictor"), !named.isNull {
            predictor = try reference(value, "predictor", &problems) ?? predictor
        }
        guard let text = try name(value, "name", &problems) else { return share }
        if text == Text(PolicyDocument.holdout) {
            try problems.report(
                .invalidValue, at: "name", "The name is that of the experiment's holdout; choose another.")
        }
        for known in first..<document.variants.count where document.text(document.variants[known].name) == text {
            try problems.report(.invalidValue, at: "name", "Another variant has this name; rename one.")
        }
        try document.variants.append(
            PolicyDocument.Variant(name: try document.keep(text), end: end + share, predictor: predictor))
        return share
    }

    // MARK: All experiments

    /// Two experiments with one name are indistinguishable in logs, and with one salt their buckets are not
    /// independent.
    private mutating func checkUniqueness(from first: Int, _ problems: inout Problems) throws(Failure) {
        var names = KeyTable()
        var salts = KeyTable()
        for number in first..<document.rules.count {
            let rule = document.rules[number]
            try problems.path.push(index: rule.position)
            defer { problems.path.pop() }
            try checkNew(document.text(rule.name), number, &names, at: "name", &problems)
            try checkNew(document.text(rule.salt), number, &salts, at: "salt", &problems)
        }
    }

    private mutating func checkNew(
        _ text: Text, _ number: Int, _ known: inout KeyTable, at member: StaticString, _ problems: inout Problems
    ) throws(Failure) {
        let key = fingerprint64(text)
        let other = known.find(key)
        if other == KeyTable.none { return try known.insert(key, UInt32(number)) }
        if text.count == 0 { return }
        let position = document.rules[Int(other)].position
        if Text(member) == Text("name") {
            try problems.report(.invalidValue, at: member, "$.experiments[\(position)] has this name; rename one.")
        } else {
            try problems.report(
                .invalidValue, at: member,
                "$.experiments[\(position)] has this salt, so their buckets would be the same; change one.")
        }
    }

    /// Groups the experiments by layer, in the order of the layers' first ones. - Complexity: O(experiments).
    private mutating func sortByLayer(from first: Int) throws(Failure) {
        var next = Buffer<Int>()
        try next.resize(max(1, document.layers.count) + 1, filling: 0)
        for number in first..<document.rules.count { next[document.rules[number].layer + 1] += 1 }
        for layer in 0..<document.layers.count { next[layer + 1] += next[layer] }
        var experiments = Buffer<PolicyDocument.Rule>()
        for number in first..<document.rules.count { try experiments.append(document.rules[number]) }
        for position in 0..<experiments.count {
            let layer = experiments[position].layer
            document.rules[first + next[layer]] = experiments[position]
            next[layer] += 1
        }
    }

    // MARK: Scopes

    private mutating func scope(_ rule: JSONValue, _ problems: inout Problems) throws(Failure) -> PolicyDocument.Scope {
        var scope = PolicyDocument.Scope()
        guard
            let value = try problems.enter(
                rule, "scope", .object, "It must be an object of campaigns, advertisers, placements or newcomers.")
        else { return scope }
        defer { problems.path.pop() }
        try checkMembers(value, "campaigns advertisers placements newcomers", &problems)
        scope.newcomers = try newcomers(value, &problems)
        scope.campaigns = try keys(value, "campaigns", &problems)
        scope.advertisers = try keys(value, "advertisers", &problems)
        if value.member("placements") == nil { return scope }
        // A copy, because new names are added to the same buffer, which may move.
        var field = Buffer<UInt8>()
        try field.append(document.text(document.placement))
        if field.count == 0 {
            try problems.report(
                .invalidValue, at: "placements",
                "Say in $.placement which field of the request's features is the placement, for example \"slot\".")
        }
        scope.placements = try keys(value, "placements", of: field.text, &problems)
        return scope
    }

    /// - Returns: the bit of the condition; 0 for all campaigns.
    private mutating func newcomers(_ scope: JSONValue, _ problems: inout Problems) throws(Failure) -> UInt8 {
        guard let value = scope.member("newcomers") else { return 0 }
        try problems.path.push(Text("newcomers"))
        defer { problems.path.pop() }
        let before = problems.count
        if value.isObject {
            try checkMembers(value, "without_model fewer_impressions_than fewer_clicks_than", &problems)
        }
        var condition = Newcomers()
        if value.isObject, let target = value.member("without_model") {
            condition.withoutModel = Target(name: target.text ?? .empty)
            if condition.withoutModel == nil {
                try problems.report(
                    .invalidValue, at: "without_model", "It must be \"click\" or \"conversion\".")
            }
        }
        if value.isObject {
            condition.impressions =
                try problems.number(value, "fewer_impressions_than", from: 1, to: 1e15) ?? .infinity
            condition.clicks = try problems.number(value, "fewer_clicks_than", from: 1, to: 1e15) ?? .infinity
        }
        if condition.saysNothing {
            // The problem of a member has been reported.
            if problems.count > before { return 0 }
            try problems.report(
                .invalidValue, "It must be an object of without_model, fewer_impressions_than or fewer_clicks_than.")
            return 0
        }
        guard let bit = try document.newcomersBit(condition) else {
            try problems.report(.limitExceeded, "More than 8 different conditions of newcomers.")
            return 0
        }
        return bit
    }

    /// - Parameter field: the field whose categories are listed; nil for campaigns and advertisers.
    private mutating func keys(
        _ scope: JSONValue, _ member: StaticString, of field: Text? = nil, _ problems: inout Problems
    ) throws(Failure) -> PolicyDocument.Part {
        let start = document.keys.count
        guard let list = scope.member(member) else { return PolicyDocument.Part() }
        try problems.path.push(Text(member))
        defer { problems.path.pop() }
        if !list.isArray || list.count == 0 {
            try problems.report(.invalidValue, "It must be an array of at least one name; leave it out for all.")
            return PolicyDocument.Part()
        }
        var known = KeyTable()
        for index in 0..<list.count {
            try problems.path.push(index: index)
            defer { problems.path.pop() }
            guard let text = try name(list.element(index), &problems) else { continue }
            if text == Text("*") {
                try problems.report(.invalidValue, "\"*\" is no name; leave the list out for everything.")
                continue
            }
            let found = field.map { secret.category(field: $0, value: text) } ?? secret.campaign(text)
            if known.find(found) != KeyTable.none {
                try problems.report(.invalidValue, "The name is in the list already; take it out.")
                continue
            }
            try known.insert(found, 0)
            try document.keys.append(found)
            try document.keyNames.append(try document.keep(text))
        }
        return try document.keys.finishList(from: start)
    }
}
