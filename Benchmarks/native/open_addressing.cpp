// SPDX-License-Identifier: Apache-2.0
// `open addressing`: for each campaign a table from label to weights; its size is a power of two, and it is at most
// half full.
#include "campaign_major.hpp"

namespace {

struct Tables {
    explicit Tables(const contender_models &models) : tables(models.campaigns) {
        size_t count = 0;
        for (size_t campaign = 0; campaign < models.campaigns; campaign++) {
            size_t labels = 0;
            for_each_label(models, campaign, [&](uint32_t, Weighted) { labels++; });
            size_t size = 4;
            while (size < 2 * labels) size *= 2;
            tables[campaign] = {count, uint32_t(size - 1)};
            count += size;
        }
        slots = HugeArray<Slot>(count);
        for (size_t place = 0; place < count; place++) slots[place].label = empty;
        for (size_t campaign = 0; campaign < models.campaigns; campaign++)
            for_each_label(models, campaign, [&](uint32_t label, Weighted weights) {
                const Table table = tables[campaign];
                uint32_t place = hash(label) & table.mask;
                while (slots[table.start + place].label != empty) place = (place + 1) & table.mask;
                slots[table.start + place] = {label, weights};
            });
    }
    void prefetch(uint32_t campaign, uint32_t label) const {
        const Table table = tables[campaign];
        __builtin_prefetch(&slots[table.start + (hash(label) & table.mask)]);
    }
    Weighted find(uint32_t campaign, uint32_t label) const {
        const Table table = tables[campaign];
        for (uint32_t place = hash(label) & table.mask;; place = (place + 1) & table.mask) {
            const Slot &slot = slots[table.start + place];
            if (slot.label == label) return slot.weights;
            if (slot.label == empty) return {};
        }
    }
    size_t bytes() const {
        return slots.bytes() + tables.size() * sizeof(Table);
    }

   private:
    static constexpr uint32_t empty = UINT32_MAX;
    struct Slot {
        uint32_t label;
        Weighted weights;
    };
    struct Table {
        size_t start;
        uint32_t mask;
    };
    std::vector<Table> tables;
    HugeArray<Slot> slots;

    // Fibonacci hashing (Knuth, "The Art of Computer Programming", volume 3, section 6.4), its high half.
    static uint32_t hash(uint32_t label) {
        return (label * 2654435769u) >> 12;
    }
};

}  // namespace

std::unique_ptr<contender> make_open_addressing(const contender_models &models) {
    return std::make_unique<CampaignMajor<Tables>>(models);
}
