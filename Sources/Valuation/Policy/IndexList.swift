// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The indexes of the releases that a policy names besides LATEST.
struct IndexList: ~Copyable {
    private struct Place {
        var index: UnsafeMutablePointer<Index>
        /// The checksum that the release's manifest gives for everything that determines the index.
        var contents: Checksum
    }

    private var places = Buffer<Place>()

    deinit {
        for number in 0..<places.count {
            Memory.destroy(places[number].index)
        }
    }

    var count: Int { places.count }

    mutating func append(_ index: consuming Index, contents: Checksum) throws(Failure) {
        try places.reserve(places.count + 1)
        try places.append(Place(index: try Memory.place(index), contents: contents))
    }

    subscript(number: Int) -> UnsafePointer<Index> { UnsafePointer(places[number].index) }

    func contents(_ number: Int) -> Checksum { places[number].contents }
}
