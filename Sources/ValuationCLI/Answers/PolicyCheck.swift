// SPDX-License-Identifier: Apache-2.0
import CValuation
import FoundationEssentials

/// What is wrong or suspicious in a policy.
struct PolicyCheck {
    private let policy: String
    /// What it was held against; nil where it was looked at by itself.
    private let models: String?
    private let findings: [Problem]

    var errors: Int { findings.count { !$0.isWarning } }

    /// Throws where there is nothing to check, or no models to hold it against.
    init(of policy: String, models: String?) throws {
        (self.policy, self.models) = (policy, models)
        findings = try Failure.ifRefused("cannot check the policy", models: models.map { [$0] } ?? []) {
            let report = try Report { report, error in
                policy.withText { policy, length in
                    (models ?? "").withText { valuation_policy_check(policy, length, $0, $1, report, error) }
                }
            }
            return try report.decoded(as: [PolicyFinding].self).map { Problem($0, file: policy) }
        }
    }

    /// Each finding, and as text what is to be said of all.
    func write(on output: Output, as format: TextFormat) throws {
        for finding in findings {
            switch format {
            case .text: try output.write(line: finding.text(paint: output.paint))
            case .jsonl: try output.write(line: jsonLine(ProblemLine(finding)))
            }
        }
        guard format == .text else { return }
        let line = DisplayText.printable("\(policy): \(verdict)")
        try output.write(line: output.paint(line, findings.isEmpty ? .green : .bold))
    }

    private var verdict: String {
        let warnings = findings.count - errors
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { NumberText.counted($0.0, $0.1) }
        if errors > 0 { return counts.joined(separator: ", ") }
        let verdict = models.map { "sound with \($0)" } ?? "sound by itself"
        return ([verdict] + counts).joined(separator: ", ") + (contents.map { ": \($0)" } ?? "")
    }

    /// What is in the policy; nil where the file is gone meanwhile.
    private var contents: String? {
        guard let file = try? InputFile(path: policy), let bytes = try? file.readAll() else { return nil }
        return try? JSONDecoder().decode(PolicyContents.self, from: Data(bytes)).summary
    }
}

extension Problem {
    fileprivate init(_ finding: PolicyFinding, file: String) {
        self.init(file: file, line: finding.line ?? 0, message: finding.message)
        isWarning = finding.severity == "warning"
        // Nothing is refused for a warning, so its status says nothing.
        statusName = isWarning ? "" : finding.status
        jsonPath = finding.jsonPath ?? ""
    }
}
