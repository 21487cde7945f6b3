// SPDX-License-Identifier: Apache-2.0
#include "limit_index.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

namespace {

// From these shares of the campaigns on, a row is packed or dense, or has a pair for every campaign; measured.
constexpr double packed_share = 0.15;
constexpr double dense_share = 0.70;

// The largest possible logit of these models, with one label of each field.
double largest_logit(const contender_models &models, const contender_weights &weights) {
    double largest = 0;
    std::vector<double> by_field(models.fields);
    for (size_t campaign = 0; campaign < models.campaigns; campaign++) {
        std::fill(by_field.begin(), by_field.end(), 0.0);
        for (auto i = weights.indptr[campaign]; i < weights.indptr[campaign + 1]; i++) {
            double &field = by_field[size_t(weights.indices[i]) % models.fields];
            field = std::max(field, std::abs(weights.values[i]));
        }
        double sum = std::abs(weights.intercepts[campaign]);
        for (double each : by_field) sum += each;
        largest = std::max(largest, sum);
    }
    return largest;
}

// A vector's elements, with room behind them for kernels that read a little too far.
template <typename T>
HugeArray<T> huge(const std::vector<T> &from) {
    HugeArray<T> array(from.size() + LimitIndex::tile);
    std::copy(from.begin(), from.end(), array.data());
    return array;
}

}  // namespace

// What grows while labels are added.
struct LimitIndex::Building {
    std::vector<ListEntry> lists;
    std::vector<uint64_t> masks;
    std::vector<int32_t> packed, dense;
    std::vector<Pair> pairs{Pair{0, 0}};
    // For the current label: every campaign's pair, and a bit for each campaign that has one.
    std::vector<Pair> row;
    std::vector<uint64_t> present;
};

LimitIndex::LimitIndex(const contender_models &models)
    : campaigns(models.campaigns),
      padded((models.campaigns + mask_bits) / mask_bits * mask_bits),
      unknown(uint32_t(models.labels)),
      words_per_label(uint32_t(padded / word_bits)) {
    const contender_weights *targets[] = {&models.click, &models.conversion};
    const double largest = std::max(largest_logit(models, models.click), largest_logit(models, models.conversion));
    // No sum reaches 2^31. A hundred roundings of half a unit each stay far below the thousand units left.
    shift = std::clamp(int(std::log2((0x1p31 - 1000) / (largest * M_LOG2E))), 8, 26);
    intercepts = HugeArray<int32_t>(2 * padded + tile);
    intercept_pairs = HugeArray<Pair>(padded);
    for (size_t campaign = 0; campaign < campaigns; campaign++) {
        const int32_t click = fixed(models.click.intercepts[campaign]);
        const int32_t conversion = fixed(models.conversion.intercepts[campaign]);
        intercepts[campaign] = click;
        intercepts[padded + campaign] = conversion;
        intercept_pairs[campaign] = {click, conversion};
    }
    const Transposed transposed[] = {{*targets[0], campaigns, models.labels}, {*targets[1], campaigns, models.labels}};
    labels = HugeArray<Label>(unknown + 1);
    words = HugeArray<uint64_t>(size_t(unknown + 1) * words_per_label);
    Building building;
    for (size_t label = 0; label < unknown; label++) {
        building.row.assign(padded, Pair{0, 0});
        building.present.assign(padded / mask_bits, 0);
        labels[label].list = building.lists.size();
        for (int target = 0; target < 2; target++)
            add_row(building, labels[label], target, transposed[target].begin(label), transposed[target].end(label));
        labels[label].list_count = uint32_t(building.lists.size() - labels[label].list);
        labels[label].listed =
            labels[label].rows[0].form == Label::Form::listed && labels[label].rows[1].form == Label::Form::listed;
        labels[label].row_bytes += labels[label].list_count * uint32_t(sizeof(ListEntry));
        add_pairs(building, labels[label], &words[label * words_per_label]);
    }
    lists = huge(building.lists);
    masks = huge(building.masks);
    packed = huge(building.packed);
    dense = huge(building.dense);
    pairs = huge(building.pairs);
}

int32_t LimitIndex::fixed(double logit) const {
    return int32_t(std::lrint(-logit * M_LOG2E * std::ldexp(1.0, shift)));
}

void LimitIndex::add_row(Building &building, Label &label, int target, const Posting *first, const Posting *last) const {
    const size_t count = size_t(last - first);
    const double share = double(count) / double(campaigns);
    Label::Row &row = label.rows[target];
    if (share >= dense_share) {
        row.form = Label::Form::dense;
        row.weights = building.dense.size();
        building.dense.resize(row.weights + padded);
        row.lines = tile * sizeof(int32_t) / 64;
        label.row_bytes += uint32_t(padded * sizeof(int32_t));
    } else if (share >= packed_share) {
        row.form = Label::Form::packed;
        row.weights = building.packed.size();
        row.masks = uint32_t(building.masks.size());
        building.masks.resize(row.masks + padded / mask_bits);
        row.lines = uint16_t(std::ceil(share * tile * sizeof(int32_t) / 64));
        label.row_bytes += uint32_t(padded / 8 + count * sizeof(int32_t));
    }
    for (const Posting *posting = first; posting < last; posting++) {
        const size_t campaign = posting->campaign;
        const int32_t weight = fixed(posting->weight);
        (target ? building.row[campaign].conversion : building.row[campaign].click) = weight;
        building.present[campaign / mask_bits] |= uint64_t(1) << campaign % mask_bits;
        switch (row.form) {
            case Label::Form::listed:
                building.lists.push_back({uint32_t(campaign + (target ? padded : 0)), weight});
                break;
            case Label::Form::packed:
                building.masks[row.masks + campaign / mask_bits] |= uint64_t(1) << campaign % mask_bits;
                building.packed.push_back(weight);
                break;
            case Label::Form::dense:
                building.dense[row.weights + campaign] = weight;
                break;
        }
    }
}

void LimitIndex::add_pairs(Building &building, Label &label, uint64_t *words) const {
    size_t count = 0;
    for (uint64_t bits : building.present) count += size_t(__builtin_popcountll(bits));
    label.pairs = uint32_t(building.pairs.size());
    label.full = double(count) >= dense_share * double(campaigns);
    if (label.full) std::fill(building.present.begin(), building.present.end(), ~uint64_t(0));
    for (size_t word = 0; word < words_per_label; word++) {
        const size_t first = word * word_bits;
        const uint32_t bits = uint32_t(building.present[first / mask_bits] >> first % mask_bits);
        words[word] = uint64_t(building.pairs.size()) << 32 | bits;
        for (uint32_t rest = bits; rest; rest &= rest - 1)
            building.pairs.push_back(building.row[first + size_t(__builtin_ctz(rest))]);
    }
}

std::shared_ptr<const LimitIndex> LimitIndex::shared(const contender_models &models) {
    static std::mutex lock;
    static std::weak_ptr<const LimitIndex> last;
    static const double *made_from;
    const std::lock_guard<std::mutex> guard(lock);
    std::shared_ptr<const LimitIndex> index = last.lock();
    if (!index || made_from != models.click.values) {
        index = std::make_shared<const LimitIndex>(models);
        last = index;
        made_from = models.click.values;
    }
    return index;
}
