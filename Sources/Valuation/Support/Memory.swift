// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Memory for single values whose lifetime Swift does not count: handles, snapshots, scratch.
enum Memory {
    /// Moves a value to memory of its own. - Returns: a pointer to be passed to `destroy`.
    static func place<Value: ~Copyable>(_ value: consuming Value) throws(Failure) -> UnsafeMutablePointer<Value> {
        let room = try Room<Value>()
        return room.place(value)
    }

    /// Destroys a value and frees its memory.
    static func destroy<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) {
        pointer.deinitialize(count: 1)
        free(pointer)
    }
}

/// Memory that is freed with this value. The owner initializes and deinitializes the contents.
struct Room<Value: ~Copyable>: ~Copyable {
    /// nil once it was given away.
    private var memory: UnsafeMutablePointer<Value>?

    @inline(__always)
    var start: UnsafeMutablePointer<Value> { memory.unsafelyUnwrapped }

    /// - Parameter count: the number of values.
    init(count: Int = 1) throws(Failure) {
        guard let memory = malloc(count &* MemoryLayout<Value>.stride) else { throw .outOfMemory }
        self.memory = memory.bindMemory(to: Value.self, capacity: count)
    }

    deinit {
        free(memory)
    }

    /// Gives the memory away. - Returns: memory to be freed.
    consuming func take() -> UnsafeMutablePointer<Value> {
        defer { memory = nil }
        return start
    }

    /// Moves a value to the memory. - Returns: memory to be passed to `Memory.destroy`.
    consuming func place(_ value: consuming Value) -> UnsafeMutablePointer<Value> {
        let place = take()
        place.initialize(to: value)
        return place
    }
}
