// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Valuation

/// In a locale with a decimal comma a host gets the same numbers as in any other.
///
/// The test makes the locale, because few machines have one installed.
@Suite struct LocaleTests {
    private static let source = "/usr/share/i18n/locales/de_DE"

    /// Compiles a German locale into a folder and sets it for this process.
    private static func speakGerman(_ folder: TemporaryFolder) throws {
        let localedef = Process()
        localedef.executableURL = URL(filePath: "/usr/bin/localedef")
        localedef.arguments = ["-i", "de_DE", "-f", "UTF-8", "\(folder.path)/de_DE.UTF-8"]
        try localedef.run()
        localedef.waitUntilExit()
        setenv("LOCPATH", folder.path, 1)
        try #require(setlocale(LC_ALL, "de_DE.UTF-8") != nil)
        try #require(strtod("1,5", nil) == 1.5)
    }

    /// In a process of its own, because a locale belongs to the whole process.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: source), "the package `locales` is not installed"))
    func requestsModelsAndAnswersDoNotDependOnTheLocale() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            try LocaleTests.speakGerman(folder)
            var document = ModelDocument(intercept: -1.5)
            document.numeric["age"] = ModelDocument.Numeric(mean: 0.25, std: 1.5, weight: 0.75)
            document.selfTests = [ModelDocument.SelfTest(features: #"{"age": 2.75}"#, probability: 0.4378234991142019)]
            let engine = try EngineHandle(models: [document])
            var isRight = true
            // The second bid takes the path through the C library.
            for bid in ["1.5", "1.50000000000000000000000000000"] {
                let request =
                    "{\"features\": {\"age\": 2.75}, \"candidates\": [{\"campaign\": \"1\", \"pricing\": \"cpc\", "
                let answer = try engine.scorer().scoreJSON(request + "\"bid\": \(bid)}]}")
                let expected = #""expected_revenue":0.6567352563142776,"pctr":0.4378235,"#
                #expect(answer.contains(expected), "\(answer)")
                isRight = isRight && answer.contains(expected)
            }
            // At an ordinary exit, LeakSanitizer would count what this closure and the test runner still hold.
            _exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}
