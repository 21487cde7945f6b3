// SPDX-License-Identifier: Apache-2.0

/// The explanation of one ad's value, for people: its value, then for each of its models the terms of the logit as
/// bars.
struct ExplanationBars {
    let ad: RankedAd
    /// The id of the request, or its location.
    let heading: String
    /// The rank among the ads of the request, from 1, and the number of ads.
    let rank: Int
    let total: Int
    /// How many terms to show for each model; nil for all.
    let maximumTerms: Int?

    /// The lines to print, with an empty one at the end.
    func lines(width: Int, paint: Paint) -> [String] {
        let observed = ad.value.observed
        let sections = [
            section("click", of: "pCTR", ad.value.pctr, ad.value.click, observed.map { .init(click: $0.click) }),
            section(
                "conversion", of: "pCVR", ad.value.pcvr, ad.value.conversion,
                observed.map { .init(conversion: $0.conversion) }),
        ].filter { $0.explanation != nil || $0.target == "click" || ad.pricing == "CPA" }
        let layout = Bars.Layout(for: sections.flatMap { [$0.bars.titles] + $0.bars.rows }, width: width)
        let scale = Bars.Scale(values: sections.flatMap { $0.bars.rows.compactMap(\.value) }, width: layout.bar)
        var lines = [title(paint: paint)] + value
        if let predictor = ad.value.predictor {
            let experiment = ad.value.assignment.map { ", experiment \($0)" } ?? ""
            lines.append(DisplayText.printable("predictor \(predictor)\(experiment)"))
        }
        if !ad.value.flags.isEmpty { lines.append(paint("flags: " + ad.value.notes.joined(separator: ", "), .yellow)) }
        let ignored = ad.value.ignored ?? []
        let shown = ignored.prefix(maximumTerms ?? ignored.count)
        lines += shown.map { paint(DisplayText.printable($0.line), .yellow) }
        if shown.count < ignored.count {
            lines.append(paint("and \(NumberText.count(ignored.count - shown.count)) more that do not count", .yellow))
        }
        for section in sections {
            lines += ["", paint(section.title, .bold)]
            if !section.bars.rows.isEmpty { lines += section.bars.lines(layout: layout, scale: scale, paint: paint) }
            if let rest = section.rest { lines.append(paint(rest, .faint)) }
            lines += section.observed?.lines ?? []
        }
        return lines + [""]
    }

    private func title(paint: Paint) -> String {
        let names = "ad \(DisplayText.name(ad.name)), campaign \(DisplayText.name(ad.campaign))"
        return paint(names, .bold)
            + paint("  \(DisplayText.name(heading)), rank \(rank) of \(total)", .faint)
    }

    /// The value, and the formula with its numbers.
    private var value: [String] {
        let revenue = NumberText.single(ad.value.expectedRevenue, minimumDecimals: 5)
        let pCTR = "pCTR \(NumberText.percentage(ad.value.pctr))"
        let pCVR = "pCVR \(NumberText.percentage(ad.value.pcvr))"
        let bid = "bid " + (NumberText.amounts([ad.bid]).first ?? NumberText.absent)
        let pricing = DisplayText.name(ad.pricing)
        let lines = ["\(pricing): expected revenue \(revenue), eCPM \(NumberText.single(ad.eCPM))"]
        let end = ad.value.flags.contains("adjusted") ? ", then adjusted" : ""
        switch ad.pricing {
        case "CPM": return lines + ["= \(bid) / 1000" + end]
        case "CPC": return lines + ["= \(bid) × \(pCTR)" + end]
        case "CPA": return lines + ["= \(bid) × \(pCTR) × \(pCVR)" + end]
        default: return lines
        }
    }

    /// - Parameter observed: the evidence if the probability is the campaign's observed rate, because of a policy's
    ///   predictor or a missing model.
    private func section(
        _ target: String, of name: String, _ probability: Double?, _ explanation: Explanation?,
        _ observed: ObservedText?
    ) -> Section {
        let isPrior = ad.value.flags.contains("\(target)_prior")
        let isLate = ad.value.flags.contains("budget_exceeded")
        let isObserved = explanation.map { isPrior || $0.logit == nil && !isLate } ?? false
        var otherwise = "no model"
        if let probability, let predictor = ad.value.predictor, !isPrior {
            otherwise = "\(name) \(NumberText.percentage(probability)), without terms (predictor \(predictor))"
        }
        return Section(
            target, of: name, explanation, otherwise: otherwise, observed: isObserved ? observed : nil,
            maximumTerms: maximumTerms)
    }
}

extension ExplanationBars {
    /// One probability of the ad.
    struct Section {
        let target: String
        let explanation: Explanation?
        let title: String
        let bars: Bars
        /// The sum of the terms left out; nil if there are none.
        let rest: String?
        /// The evidence for the probability if it is an observed rate.
        let observed: ObservedText?

        init(
            _ target: String, of probability: String, _ explanation: Explanation?, otherwise: String,
            observed: ObservedText?, maximumTerms: Int?
        ) {
            self.target = target
            self.explanation = explanation
            self.observed = observed
            let terms = explanation?.terms ?? []
            let constants = terms.filter(\.isConstant)
            let features = terms.filter { !$0.isConstant }.sorted { $0.isStronger(than: $1) }
            let shown = features.prefix(maximumTerms ?? features.count)
            let left = features.dropFirst(shown.count)

            if let explanation {
                let reason =
                    observed?.title
                    ?? explanation.logit.map { "logit \(NumberText.single($0, minimumDecimals: 3))" }
                    ?? "the model's prior, for the time was up"
                title = "\(target): \(probability) \(NumberText.percentage(explanation.probability)), \(reason)"
            } else {
                title = DisplayText.printable("\(target): \(otherwise)")
            }
            rest =
                left.isEmpty
                ? nil
                : "and \(NumberText.counted(left.count, "weaker term")), together "
                    + NumberText.column([left.reduce(0) { $0 + $1.logit }], minimumDecimals: 3, signed: true)[0]

            let rows = constants + shown
            let logits = NumberText.column(
                rows.map(\.logit), minimumDecimals: 3, maximumDecimals: 4, signed: true)
            let eCPM = NumberText.column(
                rows.map { $0.expectedRevenue.map { $0 * 1000 } }, minimumDecimals: 2, maximumDecimals: 6, signed: true)
            bars = Bars(
                titles: .init(label: "term", remark: "model", number: "logit", value: nil, consequence: "eCPM"),
                rows: rows.indices.map { index in
                    let term = rows[index]
                    return Bars.Row(
                        label: DisplayText.printable(term.label), remark: DisplayText.printable(term.model ?? ""),
                        number: logits[index], value: term.isConstant ? nil : term.logit,
                        consequence: term.isConstant ? "" : eCPM[index])
                })
        }
    }
}

extension Term {
    /// Not due to any feature.
    fileprivate var isConstant: Bool { term == "intercept" || term == "sampling" }

    /// Its name, and the draw of its weight.
    fileprivate var label: String {
        guard let draw, let deviation else { return name }
        let z = NumberText.column([draw], minimumDecimals: 2, maximumDecimals: 2, signed: true)[0]
        return "\(name) (draw \(z) × \(NumberText.single(deviation, minimumDecimals: 2)))"
    }

    private var name: String {
        switch term {
        case "sampling": return "negative sampling"
        case "number": return "\(feature ?? "")=\(number.map(NumberText.plain) ?? "")"
        case "cross": return (feature ?? "").replacing(" x ", with: " × ")
        default: return feature ?? term
        }
    }

    fileprivate func isStronger(than other: Term) -> Bool {
        abs(logit) > abs(other.logit)
    }
}
