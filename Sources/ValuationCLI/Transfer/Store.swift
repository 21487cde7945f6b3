// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A directory of releases on a web server or in an object store.
struct Store {
    /// As it was given, for messages.
    let name: String
    let curl: Curl
    /// Whether it keeps objects, not files in directories.
    let isObjectStore: Bool
    private let base: String

    private static let schemes = "it must begin with https://, http://, s3:// or file://"

    /// - Parameter address: `https://`, `http://`, `s3://bucket/prefix` or `file://`.
    init(_ address: String) throws {
        let name = Self.withoutSlashes(address)
        self.name = name
        guard let separator = name.firstRange(of: "://") else {
            throw Self.unusable(address, Self.schemes)
        }
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Self.unusable(address, "spaces and letters beyond ASCII are written as %20 and the like")
        }
        let rest = String(name[separator.upperBound...])
        switch name[..<separator.lowerBound] {
        case "http", "https", "file":
            if rest.contains(where: { $0 == "?" || $0 == "#" }) {
                throw Self.unusable(address, "the names of files are appended to it, so it has no ? and no #")
            }
            if rest.prefix(while: { $0 != "/" }).contains("@") {
                throw Self.unusable("the URL", "credentials do not belong there; put them into ~/.netrc")
            }
            base = name
            isObjectStore = false
            curl = Curl(
                options: [Curl.Option(name: "netrc-optional")],
                redirects: name.hasPrefix("https:") ? "=https" : "=http,https")
        case "s3":
            let account = try ObjectStoreAccount(environment: Self.environment)
            base = try account.url(ofBucketAndPrefix: rest)
            isObjectStore = true
            // A signature holds for one host, and a temporary token must reach no other.
            curl = Curl(options: account.options, redirects: nil)
        default:
            throw Self.unusable(address, Self.schemes)
        }
    }

    /// The URL of a file. - Parameter path: its components.
    func url(_ path: String...) -> String { url(path) }

    func url(_ path: [String]) -> String {
        base + path.map { "/" + Self.percentEncoded($0) }.joined()
    }

    /// A file for messages.
    func place(_ path: String...) -> String { place(path) }

    func place(_ path: [String]) -> String {
        ([name] + path).joined(separator: "/")
    }

    /// Fetches a small file, past caches as far as they obey.
    ///
    /// - Parameters:
    ///   - headersFile: where the headers of the responses go.
    ///   - limit: the most bytes of a file that is written.
    func fetch(_ path: [String], to file: String, headersFile: String? = nil, limit: Int) throws -> Curl.Result {
        try curl.run(
            .fetch, [Curl.Transfer(url: url(path), file: file)], headers: ["Cache-Control: no-cache"],
            headersFile: headersFile, largestFile: limit)[0]
    }

    private static let digits = Array("0123456789ABCDEF")
    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    /// By the rules of RFC 3986, which Amazon's signatures need to the letter.
    static func percentEncoded(_ text: String) -> String {
        ArgumentText.bytes(of: text).reduce(into: "") { result, byte in
            if unreserved.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    static func unusable(_ address: String, _ reason: String) -> Failure {
        Failure(message: "cannot use \(address): \(reason)")
    }

    private static func withoutSlashes(_ address: String) -> String {
        var address = address
        while address.hasSuffix("/"), !address.hasSuffix("://") { address.removeLast() }
        return address
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}
