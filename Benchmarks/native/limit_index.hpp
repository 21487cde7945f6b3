// SPDX-License-Identifier: Apache-2.0
// The limit's form of the models. It spends memory to save time: every weight is stored twice.
//
// Logits are sums of 32-bit integers: -z * log2(e) in units of 2^-shift, so that e^(-z) is a power of two whose exponent is the
// sum's high bits and whose mantissa is a polynomial of the low ones. Integers add in one cycle and without error.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "contender.h"
#include "huge_array.hpp"
#include "pair.hpp"
#include "transpose.hpp"

// One campaign's weight for a label; `place` is the campaign, for conversions plus the padded number of campaigns.
struct ListEntry {
    uint32_t place;
    int32_t weight;
};

// Where a label's weights are. One cache line.
struct alignas(64) Label {
    // How one target's weights are stored for the ways that sum all campaigns; the share of campaigns with a weight
    // decides.
    enum class Form : uint8_t {
        listed,  // in `lists`
        packed,  // a bit for each campaign in `masks`, and a weight in `packed` for each bit set
        dense,   // a weight for each campaign in `dense`
    };
    struct Row {
        uint64_t weights;  // the first one's position
        uint32_t masks;    // packed: the first one's position
        uint16_t lines;    // average cache lines of weights for a tile of campaigns, rounded up
        Form form;
    };
    Row rows[2];  // click, conversion
    uint64_t list;
    uint32_t list_count;  // entries of both targets
    // For the ways that look up single campaigns: the position in `pairs` of the first campaign that has the label, or
    // of campaign 0 if there is a pair for every campaign.
    uint32_t pairs;
    uint32_t row_bytes;  // of both rows, lists included
    bool full;           // see `pairs`
    bool listed;         // both rows are lists
};

struct LimitIndex {
    explicit LimitIndex(const contender_models &models);

    // The index of these models; the last one is reused while another contender still holds it.
    static std::shared_ptr<const LimitIndex> shared(const contender_models &models);

    // Campaigns that are summed together, in registers.
    static constexpr size_t tile = 256;
    static constexpr size_t mask_bits = 64;
    static constexpr size_t word_bits = 32;

    size_t campaigns;
    size_t padded;  // campaigns and an unknown one, rounded up to a whole mask
    int shift;
    uint32_t unknown;  // the label that no campaign has
    uint32_t words_per_label;

    HugeArray<int32_t> intercepts;  // click, then conversion; [2 * padded]
    HugeArray<Label> labels;        // [unknown + 1]
    HugeArray<ListEntry> lists;
    HugeArray<uint64_t> masks;
    HugeArray<int32_t> packed, dense;
    HugeArray<Pair> intercept_pairs;  // [padded]
    // For each label and 32 campaigns: a bit for each campaign that has the label in either model (low half), and the
    // position in `pairs` of the first of them (high half).
    HugeArray<uint64_t> words;  // [unknown + 1][words_per_label]
    HugeArray<Pair> pairs;      // the first belongs to no campaign and is 0

    size_t bytes() const {
        return intercepts.bytes() + labels.bytes() + lists.bytes() + masks.bytes() + packed.bytes() + dense.bytes() +
               intercept_pairs.bytes() + words.bytes() + pairs.bytes();
    }

   private:
    struct Building;
    void add_row(Building &building, Label &label, int target, const Posting *first, const Posting *last) const;
    void add_pairs(Building &building, Label &label, uint64_t *words) const;
    int32_t fixed(double logit) const;
};
