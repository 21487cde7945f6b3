// SPDX-License-Identifier: Apache-2.0

/// What the environment says about an object store, in the variables of Amazon's own tools.
struct ObjectStoreAccount {
    private let region: String
    private let key: String?
    private let secret: String?
    private let token: String?
    /// Of a store that is not Amazon's; nil for Amazon's.
    private let endpoint: String?

    init(environment: (String) -> String?) throws {
        region = environment("AWS_REGION") ?? environment("AWS_DEFAULT_REGION") ?? "us-east-1"
        key = environment("AWS_ACCESS_KEY_ID")
        secret = environment("AWS_SECRET_ACCESS_KEY")
        token = environment("AWS_SESSION_TOKEN")
        endpoint = environment("AWS_ENDPOINT_URL_S3") ?? environment("AWS_ENDPOINT_URL")
        if (key == nil) != (secret == nil) {
            throw Failure(message: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set, or neither")
        }
        if let endpoint, !endpoint.hasPrefix("https://"), !endpoint.hasPrefix("http://") {
            throw Store.unusable(endpoint, "AWS_ENDPOINT_URL must begin with https:// or http://")
        }
    }

    /// The URL of `bucket/prefix`. At an endpoint the bucket is the first component of the path. At Amazon's it is part
    /// of the host's name, unless it has a dot, which no certificate covers.
    func url(ofBucketAndPrefix text: String) throws -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let bucket = parts[0]
        guard bucket.utf8.count >= 3, bucket == Store.percentEncoded(bucket) else {
            throw Store.unusable("s3://\(text)", "'\(bucket)' is not the name of a bucket")
        }
        let prefix = parts.dropFirst().map { "/" + Store.percentEncoded($0) }.joined()
        if var endpoint {
            while endpoint.hasSuffix("/") { endpoint.removeLast() }
            return "\(endpoint)/\(bucket)\(prefix)"
        }
        if bucket.contains(".") { return "https://s3.\(region).amazonaws.com/\(bucket)\(prefix)" }
        return "https://\(bucket).s3.\(region).amazonaws.com\(prefix)"
    }

    /// Without a key, requests are not signed: some buckets may be read by everyone.
    var options: [Curl.Option] {
        guard let key, let secret else { return [] }
        var options = [
            Curl.Option(name: "aws-sigv4", value: "aws:amz:\(region):s3"),
            Curl.Option(name: "user", value: "\(key):\(secret)"),
            // Stores demand this header. curl cannot know the checksum of a file before it sends it.
            Curl.Option(name: "header", value: "x-amz-content-sha256: UNSIGNED-PAYLOAD"),
        ]
        if let token { options.append(Curl.Option(name: "header", value: "x-amz-security-token: \(token)")) }
        return options
    }
}
