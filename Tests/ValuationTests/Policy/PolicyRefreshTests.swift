// SPDX-License-Identifier: Apache-2.0
import CValuation
import Foundation
import Testing

@testable import Valuation

/// An engine follows a policy's file beside the models: each of the two may change, fail and be mended by itself.
@Suite struct PolicyRefreshTests {
    private let root: ReleaseRoot
    private let engine: EngineHandle
    private let scorer: ScorerHandle
    private var file: String { "\(root.path)/policy.json" }

    private static func models(_ intercept: Double) -> [ModelDocument] {
        [ModelDocument(campaign: "7", target: "click", intercept: intercept)]
    }

    /// Monday's and Tuesday's releases; Tuesday's serves. The policy names Monday's for half of its predictors.
    init() throws {
        root = try ReleaseRoot()
        try root.publish(Self.models(-1), id: "monday")
        try root.publish(Self.models(-2), id: "tuesday")
        engine = try EngineHandle()
        try engine.load(root.path)
        scorer = try engine.scorer()
    }

    private func write(_ text: String) throws {
        try text.write(toFile: file + ".new", atomically: false, encoding: .utf8)
        #expect(rename(file + ".new", file) == 0)
    }

    private func follow(_ text: String) throws {
        try write(text)
        try engine.loadPolicy(file)
    }

    private let monday = #""monday": {"release": "monday"}"#

    /// The logit of campaign 7, and the source of its value.
    private func logit() throws -> (logit: Double, predictor: String) {
        let value = try scorer.score([Ad(campaign: "7", pricing: .cpc)], Circumstances())[0]
        let logit = log(Double(value.pctr) / (1 - Double(value.pctr)))
        return ((logit * 1000).rounded() / 1000, value.source == 0 ? "" : try scorer.source(of: value).predictor)
    }

    private func expect(_ logit: Double, _ predictor: String, _ place: SourceLocation = #_sourceLocation) throws {
        let found = try self.logit()
        #expect(found.logit == logit && found.predictor == predictor, "\(found)", sourceLocation: place)
    }

    private func refusal(_ body: () throws(Complaint) -> Void) -> Complaint? { complaint(of: body) }

    @Test func aReplacedFileDecidesFromTheNextRefreshOn() throws {
        try follow(policy(monday))
        try expect(-2, "production")
        #expect(try !engine.refresh())
        try write(policy(monday, default: "monday"))
        try expect(-2, "production")
        #expect(try engine.refresh())
        try expect(-1, "monday")
        #expect(try !engine.refresh())
        try engine.loadPolicy("")
        try expect(-2, "")
        #expect(try !engine.refresh())
    }

    @Test func theSameTextUnderANewFileChangesNothing() throws {
        try follow(policy(monday))
        try write(policy(monday))
        #expect(try !engine.refresh())
        try expect(-2, "production")
    }

    @Test func aBadFileIsRefusedWithItsPathUntilItIsMended() throws {
        try follow(policy(monday, default: "monday"))
        try write(policy(monday, default: "sunday"))
        for _ in 0..<2 {
            let found = refusal { () throws(Complaint) in _ = try engine.refresh() }
            #expect(found?.status == .invalidValue && found?.jsonPath == "$.default" && found?.file == file)
            try expect(-1, "monday")
        }
        try write("{")
        #expect(refusal { () throws(Complaint) in _ = try engine.refresh() }?.status == .jsonSyntax)
        #expect(unlink(file) == 0)
        let found = refusal { () throws(Complaint) in _ = try engine.refresh() }
        #expect(found?.status == .fileNotFound && found?.file == file)
        try expect(-1, "monday")
        try write(policy(monday))
        #expect(try engine.refresh())
        try expect(-2, "production")
    }

    @Test func aBadPolicyDoesNotHoldUpAReleaseNorABadReleaseAPolicy() throws {
        try follow(policy(monday))
        try write("{")
        try root.publish(Self.models(-3), id: "wednesday")
        #expect(refusal { () throws(Complaint) in _ = try engine.refresh() }?.status == .jsonSyntax)
        try expect(-3, "production")
        try root.publish(Self.models(-4), id: "thursday", isCompiled: false)
        try root.damage("thursday", "models.jsonl")
        try write(policy(monday, default: "monday"))
        #expect(refusal { () throws(Complaint) in _ = try engine.refresh() }?.status == .checksum)
        try expect(-1, "monday")
    }

    /// A refresh that half succeeds reports that something changed.
    @Test func aFailedRefreshAlsoReportsWhatChanged() throws {
        try follow(policy(monday))
        try write(policy(monday, default: "monday"))
        #expect(rename("\(root.path)/LATEST", "\(root.path)/away") == 0)
        var changed = false
        #expect(valuation_engine_refresh(engine.pointer, &changed, nil) == Status.fileNotFound.rawValue)
        #expect(changed)
        try expect(-1, "monday")
        #expect(valuation_engine_refresh(engine.pointer, &changed, nil) == Status.fileNotFound.rawValue)
        #expect(!changed)
    }

    @Test func theNamedReleaseMustExist() throws {
        let named = policy(#""sunday": {"release": "sunday"}, "bag": {"ensemble": ["LATEST", "monday"]}"#)
        try write(named)
        let found = refusal { () throws(Complaint) in try engine.loadPolicy(file) }
        #expect(
            found?.status == .unknownRelease && found?.jsonPath == "$.predictors.sunday.release" && found?.file == file)
        try expect(-2, "")
        try root.removeRelease("monday")
        try write(policy(#""bag": {"ensemble": ["LATEST", "monday"]}"#))
        #expect(
            refusal { () throws(Complaint) in try engine.loadPolicy(file) }?.jsonPath == "$.predictors.bag.ensemble[1]")
    }

    @Test func aNamedReleaseThatIsRemovedServesOnAsLongAsAPolicyNamesIt() throws {
        try follow(policy(monday, default: "monday"))
        try root.removeRelease("monday")
        try expect(-1, "monday")
        // Other models and another policy: Monday's models stay in memory.
        try root.publish(Self.models(-3), id: "wednesday")
        #expect(try engine.refresh())
        try expect(-1, "monday")
        try engine.rollBack()
        try expect(-1, "monday")
        try write(policy(monday))
        #expect(try engine.refresh())
        try expect(-2, "production")
        try write(policy(monday, default: "monday"))
        #expect(try engine.refresh())
        try expect(-1, "monday")
        // Once no policy names them, they are freed.
        try write(policy())
        #expect(try engine.refresh())
        try write(policy(monday))
        let found = refusal { () throws(Complaint) in _ = try engine.refresh() }
        #expect(found?.status == .unknownRelease && found?.jsonPath == "$.predictors.monday.release")
        try expect(-2, "production")
    }

    @Test func theSamePolicyDecidesForNewModels() throws {
        try follow(policy(constants, ", \"campaigns\": {\"8\": {\"multiplier\": 3}}"))
        let scored = try scorer.score([Ad(campaign: "8", pricing: .cpc)], Circumstances())[0]
        #expect(scored.expected_revenue == 0 && scored.has(.noClickModel))
        try root.publish([ModelDocument(campaign: "8", intercept: 0), Self.models(-3)[0]], id: "wednesday")
        #expect(try engine.refresh())
        try expect(-3, "production")
        let value = try scorer.score([Ad(campaign: "8", pricing: .cpc)], Circumstances())[0]
        #expect(value.has(.adjusted) && value.expected_revenue == 1.5)
        #expect(try engine.description()["release"]?["id"]?.text == "wednesday")
    }

    @Test func aRollbackKeepsThePolicy() throws {
        try follow(policy(monday, ", \"campaigns\": {\"7\": {\"cap\": 0}}"))
        try root.publish(Self.models(-3), id: "wednesday")
        _ = try engine.refresh()
        try engine.rollBack()
        try expect(-2, "production")
        #expect(try scorer.score([Ad(campaign: "7", pricing: .cpc)], Circumstances())[0].expected_revenue == 0)
        // A policy newer than the models rolled back to is kept, too; and so is having none.
        try write(policy(monday, default: "monday"))
        #expect(try engine.refresh())
        try engine.rollBack()
        try expect(-1, "monday")
        try engine.loadPolicy("")
        try engine.rollBack(to: "tuesday")
        try expect(-2, "")
        try engine.rollBack(to: "monday")
        try expect(-1, "")
    }

    @Test func modelsWithoutClickCountsAreNotPublishedBesideANaivePredictor() throws {
        let entry = CampaignEntry(campaign: "7", impressions: 1000, clicks: 10, conversions: 1)
        try root.publish(Self.models(-3), [entry], id: "observed")
        _ = try engine.refresh()
        try follow(policy(#""safe": {"naive": {}}"#, default: "safe"))
        let found = refusal { () throws(Complaint) in
            do { try root.publish(Self.models(-4), id: "unobserved") } catch let complaint as Complaint {
                throw complaint
            } catch {}
        }
        #expect(found?.status == .invalidValue && found?.jsonPath == "$.predictors.safe.naive" && found?.file == file)
        #expect(try !engine.refresh())
        #expect(try logit().predictor == "safe")
        #expect(try engine.description()["release"]?["id"]?.text == "observed")
    }

    @Test func aRollbackIsNotHeldUpByANaivePredictorWithoutCounts() throws {
        try root.publish(Self.models(-4), id: "unobserved")
        let entry = CampaignEntry(campaign: "7", impressions: 1000, clicks: 10, conversions: 1)
        try root.publish(Self.models(-3), [entry], id: "observed")
        _ = try engine.refresh()
        try follow(
            policy(
                #""safe": {"naive": {}}"#,
                ", \"overrides\": [{\"scope\": {\"campaigns\": [\"8\"]}, \"predictor\": \"safe\", \"reason\": \"new\"}]"
            ))
        try engine.rollBack(to: "unobserved")
        try expect(-4, "production")
        let scored = try scorer.score([Ad(campaign: "8", pricing: .cpc)], Circumstances())[0]
        #expect(scored.expected_revenue == 0 && scored.has(.noClickModel) && scored.has(.overridden))
    }

    @Test func ofLooseModelsAndAPolicyOnlyThePolicyIsFollowed() throws {
        let loose = try EngineHandle(models: Self.models(-5))
        #expect(refusal { () throws(Complaint) in _ = try loose.refresh() }?.status == .nothingFollowed)
        try write(policy(constants, default: "one"))
        try loose.loadPolicy(file)
        #expect(try !loose.refresh())
        try write(policy(constants, default: "two"))
        #expect(try loose.refresh())
        let own = try loose.scorer()
        #expect(try own.source(of: own.score([Ad(pricing: .cpc)], Circumstances())[0]).predictor == "two")
        try write(policy(monday))
        let found = refusal { () throws(Complaint) in _ = try loose.refresh() }
        #expect(found?.status == .unknownRelease && found?.jsonPath == "$.predictors.monday.release")
    }

    /// Pruning keeps releases that the policy beside them names.
    @Test func pruningKeepsWhatThePolicyNames() throws {
        try write(policy(monday))
        try root.publish(Self.models(-3), id: "wednesday")
        try root.publish(Self.models(-4), id: "thursday")
        var report: OpaquePointer?
        func prune() throws -> String {
            try checked { error in valuation_releases_prune(root.path, root.path.utf8.count, 1, &report, error) }
            defer { valuation_report_destroy(report) }
            return valuation_report_text(report, nil).map { String(cString: $0) } ?? ""
        }
        #expect(try prune() == #"["tuesday"]"#)
        try engine.load(root.path)
        try engine.loadPolicy(file)
        try write(policy())
        #expect(try prune() == #"["monday"]"#)
    }

    /// An unreadable policy may name any release, so nothing is removed.
    @Test func pruningBesideABadPolicyIsRefused() throws {
        try root.publish(Self.models(-3), id: "wednesday")
        try write("{")
        let found = refusal { () throws(Complaint) in
            try checked { error in valuation_releases_prune(root.path, root.path.utf8.count, 1, nil, error) }
        }
        #expect(found?.status == .jsonSyntax && found?.file == file)
        try engine.rollBack(to: "monday")
        try expect(-1, "")
    }
}
