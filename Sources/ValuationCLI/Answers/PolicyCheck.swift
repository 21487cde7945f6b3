// SPDX-License-Identifier: Apache-2.0
import CValuation
import FoundationEssentials

/// What is wrong or suspicious in a policy.
struct PolicyCheck {
    private let policy: String
    /// The models that it was checked against; nil if it was checked alone.
    private let models: String?
    private let findings: [Problem]

    var errors: Int { findings.count { !$0.isWarning } }

    /// Throws if there is nothing to check, or no models to check it against.
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

    /// Writes each finding and, as text, a summary.
    func write(on output: Output, as format: TextFormat) throws {
        for finding in findings { try output.write(finding, as: format) }
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

    /// The parts of the policy; nil if the file is gone meanwhile.
    private var contents: String? {
        guard let file = try? InputFile(path: policy), let bytes = try? file.readAll() else { return nil }
        return try? JSONDecoder().decode(PolicyContents.self, from: Data(bytes)).summary
    }
}

extension Problem {
    fileprivate init(_ finding: PolicyFinding, file: String) {
        self.init(file: file, line: finding.line ?? 0, message: finding.message)
        isWarning = finding.severity == "warning"
        // A warning refuses nothing, so its status is meaningless.
        statusName = isWarning ? "" : finding.status
        jsonPath = finding.jsonPath ?? ""
    }
}
