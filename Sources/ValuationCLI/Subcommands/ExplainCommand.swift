// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `valuation explain`: which features make an ad worth what it is.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show which features move an ad's value, and how far.",
        discussion: """
            Reads requests as JSON, indented or on one line, from a file or from standard input. Each request \
            begins with { at the start of a line.

            For each model of an ad, the logit is split into its terms: the constant ones, then the others, \
            strongest first. A bar to the right of the axis makes a click or conversion likelier, one to the left \
            less likely. The column eCPM shows how much less, per thousand impressions, the ad would be worth \
            without that feature. Fields and values that no model knows are listed above the bars, with the known \
            field that a misspelt one may mean.

            EXAMPLES
              valuation explain --models models request.json
              valuation explain --models models --ad 9 request.json
              valuation explain --models models --policy policy.json request.json
              valuation explain --models models --format jsonl < request.json
            """)

    @Option(help: .models, completion: .file())
    var models: String

    @Option(help: .policy, completion: .file())
    var policy: String?

    @Option(help: ArgumentHelp("Explain this ad; may be given several times.", valueName: "ad"))
    var ad: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Explain the best K ads of each request. (default: 1 as bars; all as jsonl, and those of --ad)",
            valueName: "k"))
    var top: Int?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Draw at most N bars for each model, 0 for all.", valueName: "n"))
    var terms: Int = 20

    @Option(
        help: ArgumentHelp(
            "How to answer. (default: bars on a terminal, jsonl elsewhere)", valueName: "format"))
    var format: BarsFormat?

    @Argument(
        help: ArgumentHelp("The file of the request; - is standard input. (default: -)", valueName: "file"),
        completion: .file())
    var file: String?

    func validate() throws {
        if let top, top < 1 { throw ValidationError("--top must be at least 1, not \(top).") }
        if terms < 0 { throw ValidationError("--terms must not be negative.") }
    }

    func run() throws {
        let models = try Models(path: self.models, policy: policy)
        let output = Output()
        let requests = RequestFiles(file.map { [$0] } ?? [], reportingOn: Diagnostics())
        let format = BarsFormat.chosen(format)
        try requests.forEachRequest(separatedBy: .openingBraces, on: output) { request, place in
            if format == .jsonl, ad.isEmpty, top == nil {
                let answer = try models.explain(request)
                requests.countInvalidCandidates(of: answer, place: place)
                return try output.write(line: answer)
            }
            let text = RequestText(request)
            let answer = try models.explain(request, adding: text.memberForAllAds)
            requests.countInvalidCandidates(of: answer, place: place)
            let decoded = try decodeAnswer(RequestAnswer.self, from: answer)
            let ranked = RankedAd.ranked(decoded, of: text)
            let chosen = try chosen(from: ranked)
            switch format {
            case .jsonl:
                let elements = try RawJSON.elements(of: "values", in: answer, count: ranked.count)
                let kept = RawJSON.keeping(chosen.map { elements[$0.ad.index] }, of: elements, in: answer)
                try kept.withUnsafeBytes { try output.write(line: $0) }
            case .bars:
                for (rank, ad) in chosen {
                    let bars = ExplanationBars(
                        ad: ad, heading: decoded.id?.text ?? place, rank: rank, total: ranked.count,
                        maximumTerms: terms == 0 ? nil : terms)
                    try output.write(lines: bars.lines(width: output.terminal.columns ?? 80, paint: output.paint))
                }
            }
        }
        try output.close()
        try requests.conclude()
    }

    /// The ads to explain, each with its rank from 1.
    private func chosen(from ranked: [RankedAd]) throws -> ArraySlice<(rank: Int, ad: RankedAd)> {
        let numbered = ranked.enumerated().map { (rank: $0 + 1, ad: $1) }
        guard !ad.isEmpty else { return numbered.prefix(top ?? 1) }
        let named = numbered.filter { ad.contains($0.ad.name) }
        if named.isEmpty {
            let known = ranked.prefix(10).map(\.name).joined(separator: ", ") + (ranked.count > 10 ? ", …" : "")
            throw Problem(file: "", message: "no ad \(ad.joined(separator: ", ")) in this request; it has: \(known)")
        }
        return named.prefix(top ?? named.count)
    }
}
