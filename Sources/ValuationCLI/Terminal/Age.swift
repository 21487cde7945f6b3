// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// How long ago something was, for people.
enum Age {
    /// For example "3 h"; nil for a text that is not a time such as 2026-11-21T03:00:00.123456Z.
    static func text(since time: String?, now: Date = Date()) -> String? {
        guard let time, let then = try? Date(toTheSecond(time), strategy: .iso8601) else { return nil }
        let seconds = Int(max(0, now.timeIntervalSince(then)))
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h"
        default: return "\(NumberText.count(seconds / 86_400)) d"
        }
    }

    /// A time without its fraction of a second.
    static func toTheSecond(_ time: String) -> String {
        guard let point = time.firstIndex(of: "."), time.last == "Z" else { return time }
        return time[..<point] + "Z"
    }
}
