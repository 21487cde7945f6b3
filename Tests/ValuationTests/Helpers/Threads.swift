// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Runs `body` on this many threads at once, with the number of each, and waits for all of them.
///
/// Plain POSIX threads, because ThreadSanitizer knows which order their creation and joining imply.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Work {
        let number: Int
        let body: @Sendable (Int) -> Void

        init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
            (self.number, self.body) = (number, body)
        }
    }
    var threads = [pthread_t](repeating: pthread_t(), count: count)
    for number in 0..<count {
        let work = Unmanaged.passRetained(Work(number, body)).toOpaque()
        let created = pthread_create(
            &threads[number], nil,
            { argument in
                let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
                work.body(work.number)
                return nil
            }, work)
        precondition(created == 0)
    }
    for thread in threads { pthread_join(thread, nil) }
}
