// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// A mutex for the cold path: loading, and making and destroying scorers. Scoring takes none.
struct Lock: ~Copyable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() throws(Failure) {
        guard let memory = malloc(MemoryLayout<pthread_mutex_t>.size) else { throw .outOfMemory }
        mutex = memory.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        free(mutex)
    }

    func lock() {
        pthread_mutex_lock(mutex)
    }

    func unlock() {
        pthread_mutex_unlock(mutex)
    }
}
