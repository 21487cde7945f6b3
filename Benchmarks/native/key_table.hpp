// SPDX-License-Identifier: Apache-2.0
// 64-bit keys to dense ids: open addressing by cache lines.
#pragma once

#include <cstddef>
#include <cstdint>

#include "huge_array.hpp"
#include "kernels.hpp"

// All 61 bits of a key look random, so the high ones serve as the hash: they choose a line of eight slots. A slot holds
// the key's next bits and, in the remaining room, the id. That halves the memory of keys and ids, and so the cache
// misses. An unknown key is taken for a known one about once in 2^40.
class KeyTable {
   public:
    KeyTable(const uint64_t *keys, size_t count) : unknown(count) {
        while (id_mask <= count) id_mask = id_mask * 2 + 1;
        while (size_t(1) << line_bits < count * 5 / 16 + 1) line_bits++;
        // A full line continues in the next one, also after the last.
        slots = HugeArray<uint64_t>(((size_t(1) << line_bits) + 64) * 8);
        for (size_t i = 0; i < slots.size(); i++) slots[i] = empty;
        for (size_t id = 0; id < count; id++) {
            size_t place = home(keys[id]) * 8;
            while (slots[place] != empty) place++;
            slots[place] = (following(keys[id]) & ~id_mask) | id;
        }
    }

    void prefetch(uint64_t key) const {
        __builtin_prefetch(&slots[home(key) * 8]);
    }
    // The key's id, or the number of keys if it is unknown.
    uint32_t find(uint64_t key) const {
        for (size_t line = home(key);; line++) {
            const uint64_t *first = &slots[line * 8];
            const unsigned same = kernels::equal_above(first, following(key), id_mask);
            if (same) {
                const uint64_t slot = first[__builtin_ctz(same)];
                return uint32_t(slot == empty ? unknown : slot & id_mask);
            }
            if (first[7] == empty) return uint32_t(unknown);
        }
    }

    size_t bytes() const {
        return slots.bytes();
    }

   private:
    static constexpr uint64_t empty = ~uint64_t(0);
    static constexpr unsigned key_bits = 61;
    uint64_t id_mask = 1, line_bits = 1, unknown;
    HugeArray<uint64_t> slots;

    size_t home(uint64_t key) const {
        return key >> (key_bits - line_bits);
    }
    // The bits below those that choose the line, moved to the top.
    uint64_t following(uint64_t key) const {
        return key << (64 - key_bits + line_bits);
    }
};
