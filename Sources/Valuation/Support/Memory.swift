// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Memory for single values whose lifetime Swift does not count: handles, snapshots, scratch.
enum Memory {
    /// Memory for a value that is still to be made. - Returns: memory to be initialized and passed to `destroy`, or to
    /// be freed.
    static func room<Value: ~Copyable>(for type: Value.Type) throws(Failure) -> UnsafeMutablePointer<Value> {
        guard let memory = malloc(MemoryLayout<Value>.size) else { throw .outOfMemory }
        return memory.bindMemory(to: type, capacity: 1)
    }

    /// Moves a value to memory of its own. - Returns: a pointer to be passed to `destroy`.
    static func place<Value: ~Copyable>(_ value: consuming Value) throws(Failure) -> UnsafeMutablePointer<Value> {
        let pointer = try room(for: Value.self)
        pointer.initialize(to: value)
        return pointer
    }

    /// Destroys a value and frees its memory.
    static func destroy<Value: ~Copyable>(_ pointer: UnsafeMutablePointer<Value>) {
        pointer.deinitialize(count: 1)
        free(pointer)
    }
}
