// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The parts of a request that tables and bars show besides the library's answer. Whatever is missing or odd is nil
/// here: validating the request is the library's task.
struct RequestText: Decodable {
    /// Whether the request has the member `top`.
    private let hasTop: Bool
    /// How many of the best ads it asks for.
    let top: Int?
    let candidates: [Candidate]

    struct Candidate: Decodable {
        let pricing: String?
        let bid: Double?

        init(from decoder: any Decoder) throws {
            let members = try? decoder.container(keyedBy: Members.self)
            pricing = try? members?.decode(String.self, forKey: .pricing)
            bid = try? members?.decode(Double.self, forKey: .bid)
        }

        private enum Members: CodingKey { case pricing, bid }
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        let decoded = try? JSONDecoder().decode(RequestText.self, from: Data(bytes))
        self = decoded ?? RequestText(hasTop: false, top: nil, candidates: [])
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Members.self)
        hasTop = members.contains(.top)
        top = (try? members.decode(Double.self, forKey: .top)).flatMap { Int(exactly: $0) }
        candidates = (try? members.decode([Candidate].self, forKey: .candidates)) ?? []
    }

    private init(hasTop: Bool, top: Int?, candidates: [Candidate]) {
        self.hasTop = hasTop
        self.top = top
        self.candidates = candidates
    }

    private enum Members: CodingKey { case top, candidates }

    /// To be added to the request, so that all its ads are answered in their order; nil if they are anyway.
    var memberForAllAds: String? { hasTop ? "\"top\":null" : nil }
}
