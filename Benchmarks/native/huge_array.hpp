// SPDX-License-Identifier: Apache-2.0
// Zeroed arrays on huge pages, so that scattered reads do not miss the translation caches.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <utility>

// An array of a trivial type, of fixed size; it moves but does not copy.
template <typename T>
class HugeArray {
   public:
    HugeArray() = default;
    explicit HugeArray(size_t count) : count(count), length((count * sizeof(T) / page + 1) * page) {
        // One page more than needed, so that the array can start at a page boundary.
        mapping = mmap(nullptr, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) throw std::bad_alloc();
        first = reinterpret_cast<T *>((reinterpret_cast<size_t>(mapping) + page - 1) / page * page);
        madvise(first, length, MADV_HUGEPAGE);
    }
    HugeArray(HugeArray &&other) noexcept {
        swap(other);
    }
    HugeArray &operator=(HugeArray &&other) noexcept {
        swap(other);
        return *this;
    }
    ~HugeArray() {
        if (first) munmap(mapping, length + page);
    }
    T &operator[](size_t place) {
        return first[place];
    }
    const T &operator[](size_t place) const {
        return first[place];
    }
    T *data() {
        return first;
    }
    const T *data() const {
        return first;
    }
    size_t size() const {
        return count;
    }
    size_t bytes() const {
        return count * sizeof(T);
    }

   private:
    static constexpr size_t page = size_t(2) << 20;
    void *mapping = nullptr;
    T *first = nullptr;
    size_t count = 0, length = 0;

    void swap(HugeArray &other) {
        std::swap(mapping, other.mapping);
        std::swap(first, other.first);
        std::swap(count, other.count);
        std::swap(length, other.length);
    }
};
