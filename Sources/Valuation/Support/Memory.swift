// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Memory for values that something other than Swift's own counting keeps alive: handles, snapshots, scratch.
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

/// Memory that is freed with this. What is in it is made and ended by whoever has it.
struct Room<Value: ~Copyable>: ~Copyable {
    /// nil once it was given away.
    private var memory: UnsafeMutablePointer<Value>?

    @inline(__always)
    var start: UnsafeMutablePointer<Value> { memory.unsafelyUnwrapped }

    /// - Parameter count: of how many values.
    init(count: Int = 1) throws(Failure) {
        guard let memory = malloc(count &* MemoryLayout<Value>.stride) else { throw .outOfMemory }
        self.memory = memory.bindMemory(to: Value.self, capacity: count)
    }

    deinit {
        free(memory)
    }

    /// Gives the memory away. - Returns: to be freed.
    consuming func take() -> UnsafeMutablePointer<Value> {
        defer { memory = nil }
        return start
    }

    /// Moves a value to the memory. - Returns: to be given to `Memory.destroy`.
    consuming func place(_ value: consuming Value) -> UnsafeMutablePointer<Value> {
        let place = take()
        place.initialize(to: value)
        return place
    }
}
