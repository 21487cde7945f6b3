// SPDX-License-Identifier: Apache-2.0
#include "limit_scorer.hpp"

#include <cmath>

LimitScorer::LimitScorer(const contender_models &models)
    : owned(LimitIndex::shared(models)),
      sums(2 * index.padded + LimitIndex::tile),
      scattered(2 * index.padded),
      click_probabilities(index.padded),
      conversion_probabilities(index.padded),
      looked_up(block + 16),
      few_labels(most_labels),
      few_places(2 * few * most_labels) {
    for (auto &places : pair_places) places.resize(most_labels * 16);
    // Measured from 100 to 100,000 campaigns; the more campaigns, the slower the memory.
    const double thousands = double(index.campaigns) / 1000;
    nanoseconds_per_byte = 0.021 * std::pow(thousands, 0.25);
    nanoseconds_per_lookup = 0.93 * std::pow(thousands, 0.41);
}

bool LimitScorer::prefers_rows(const LimitRequest &request) const {
    for (size_t i = 0; i < request.feature_count; i++) __builtin_prefetch(&index.labels[request.features[i]]);
    size_t bytes = 0;
    for (size_t i = 0; i < request.feature_count; i++) bytes += index.labels[request.features[i]].row_bytes;
    const double lookups = double(request.feature_count * request.candidates);
    return 600 + double(bytes) * nanoseconds_per_byte < lookups * nanoseconds_per_lookup;
}

void LimitScorer::add_rows(const LimitRequest &request) {
    const size_t whole = index.padded / LimitIndex::tile * LimitIndex::tile;
    for (int target = 0; target < 2; target++) {
        rows[target].clear();
        for (size_t i = 0; i < request.feature_count; i++) {
            const Label::Row &row = index.labels[request.features[i]].rows[target];
            if (row.form == Label::Form::dense) rows[target].push_back({index.dense.data() + row.weights, nullptr, row.lines});
        }
        for (size_t i = 0; i < request.feature_count; i++) {
            const Label::Row &row = index.labels[request.features[i]].rows[target];
            if (row.form == Label::Form::packed)
                rows[target].push_back({index.packed.data() + row.weights, index.masks.data() + row.masks, row.lines});
        }
        add_tiles<16>(target, 0, whole);
        add_tiles<4>(target, whole, index.padded);
    }
    fetch_list(request, 0);
    fetch_list(request, 1);
    for (size_t i = 0; i < request.feature_count; i++) {
        fetch_list(request, i + 2);
        add_list(index.labels[request.features[i]], sums.data());
    }
}

// Adds the packed and dense rows, tile by tile, and within a tile row by row. Rows are too many and too short for the
// processor to predict, hence the prefetching.
template <int width>
void LimitScorer::add_tiles(int target, size_t first, size_t last) {
    constexpr size_t campaigns = 16 * width;
    const size_t start = target ? index.padded : 0, count = rows[target].size();
    const size_t ahead = std::min(rows_ahead, count);
    Progress *progress = rows[target].data();
    for (size_t campaign = first; campaign < last; campaign += campaigns) {
        kernels::Tile<width> tile;
        tile.load(&index.intercepts[start + campaign]);
        for (size_t i = 0; i < count; i++) {
            const bool wraps = i + ahead >= count;  // into the next tile
            const Progress &later = progress[wraps ? i + ahead - count : i + ahead];
            const size_t later_campaign = wraps ? campaign + campaigns : campaign;
            const char *next = reinterpret_cast<const char *>(later.weights + (later.masks ? 0 : later_campaign));
            if (!progress[i].masks && !later.masks) {
                tile.add_dense(progress[i].weights + campaign, next);
                continue;
            }
            for (size_t line = 0; line < later.lines; line++) __builtin_prefetch(next + line * 64, 0, 2);
            if (later.masks) __builtin_prefetch(later.masks + later_campaign / LimitIndex::mask_bits, 0, 2);
            if (progress[i].masks)
                progress[i].weights =
                    tile.add_packed(progress[i].masks + campaign / LimitIndex::mask_bits, progress[i].weights);
            else
                tile.add_dense(progress[i].weights + campaign);
        }
        tile.store(&sums[start + campaign]);
    }
}

void LimitScorer::add_list(const Label &label, int32_t *to) const {
    const ListEntry *entry = &index.lists[label.list], *end = entry + label.list_count;
    for (; entry < end; entry++) to[entry->place] += entry->weight;
}

void LimitScorer::fetch_list(const LimitRequest &request, size_t feature) const {
    if (feature >= request.feature_count) return;
    const Label &label = index.labels[request.features[feature]];
    for (size_t entry = 0; entry < label.list_count; entry += 8) __builtin_prefetch(&index.lists[label.list + entry]);
}

// Adds the short lists; returns whether there are any. Their campaigns' sums must be 0 before, and cleared after use.
bool LimitScorer::scatter(const LimitRequest &request) {
    // A list costs 150 ns, and 2 more for each entry; measured.
    const double nanoseconds = double(request.candidates) * nanoseconds_per_lookup;
    most_scattered = nanoseconds > 150 ? uint32_t((nanoseconds - 150) / 2) : 0;
    bool any = false;
    for (size_t i = 0; most_scattered && i < request.feature_count; i++) {
        const Label &label = index.labels[request.features[i]];
        if (!scatters(label)) continue;
        add_list(label, scattered.data());
        any = true;
    }
    return any;
}

void LimitScorer::clear(const LimitRequest &request) {
    for (size_t i = 0; i < request.feature_count; i++) {
        const Label &label = index.labels[request.features[i]];
        if (!scatters(label)) continue;
        const ListEntry *entry = &index.lists[label.list], *end = entry + label.list_count;
        for (; entry < end; entry++) scattered[entry->place] = 0;
    }
}

// Prefetches the words of a label that the lookup of `n` campaigns needs.
void LimitScorer::fetch_words(const LimitRequest &request, size_t feature, const uint32_t *campaigns, size_t n) const {
    if (feature >= request.feature_count) return;
    const uint32_t label = request.features[feature];
    if (index.labels[label].full || scatters(index.labels[label])) return;
    const uint64_t *words = index.words.data() + size_t(label) * index.words_per_label;
    if (index.words_per_label / 8 < n)
        for (size_t word = 0; word < index.words_per_label; word += 8) __builtin_prefetch(words + word, 0, 2);
    else
        for (size_t i = 0; i < n; i++) __builtin_prefetch(words + campaigns[i] / LimitIndex::word_bits, 0, 2);
}

// The sums of the candidates from first up to last, label by label, so that each row stays in the cache while it is
// used.
void LimitScorer::look_up(const LimitRequest &request, size_t first, size_t last) {
    const uint32_t *campaigns = request.campaigns + first;
    const size_t n = (last - first + 15) / 16 * 16;
    const Pair *pairs = index.pairs.data();
    for (size_t ad = 0; ad < n; ad += 8)
        kernels::store(&looked_up[ad], kernels::gather(index.intercept_pairs.data(), campaigns + ad));
    const bool fetches = n >= 32;
    for (size_t i = 0; fetches && i < 2; i++) fetch_words(request, i, campaigns, n);
    for (size_t i = 0; i < request.feature_count; i++) {
        if (fetches) fetch_words(request, i + 2, campaigns, n);
        const Label &label = index.labels[request.features[i]];
        if (scatters(label)) continue;
        if (label.full) {
            for (size_t ad = 0; ad < n; ad += 8) {
                const kernels::Pairs found = kernels::gather(pairs + label.pairs, campaigns + ad);
                kernels::store(&looked_up[ad], kernels::add(kernels::load(&looked_up[ad]), found));
            }
        } else {
            const uint64_t *words = index.words.data() + size_t(request.features[i]) * index.words_per_label;
            for (size_t ad = 0; ad < n; ad += 16) kernels::add_pairs(words, pairs, campaigns + ad, &looked_up[ad]);
        }
    }
}

// The sums of a few candidates: the labels of one after the other, sixteen at a time, in three steps so that all cache
// misses of a step overlap.
void LimitScorer::look_few_up(const LimitRequest &request) {
    const size_t shared = request.feature_count, count = (shared + request.ad_features + 15) / 16 * 16;
    uint32_t *labels = few_labels.data(), *words = few_places.data(), *places = words + few * count;
    std::copy_n(request.features, shared, labels);
    std::fill(labels + shared, labels + count, index.unknown);
    uint32_t campaign[16];
    for (size_t ad = 0; ad < request.candidates; ad++) {
        for (size_t i = 0; i < request.ad_features; i++) labels[shared + i] = request.ad_labels[i * request.ad_stride + ad];
        std::fill_n(campaign, 16, request.campaigns[ad]);
        for (size_t i = ad * count; i < (ad + 1) * count; i += 16) {
            kernels::find_words(labels + i - ad * count, campaign, index.words_per_label, words + i);
            for (size_t k = i; k < i + 16; k++) __builtin_prefetch(index.words.data() + words[k]);
        }
    }
    for (size_t ad = 0; ad < request.candidates; ad++) {
        std::fill_n(campaign, 16, request.campaigns[ad]);
        for (size_t i = ad * count; i < (ad + 1) * count; i += 16) {
            kernels::find_pairs(index.words.data(), words + i, campaign, places + i);
            for (size_t k = i; k < i + 16; k++) __builtin_prefetch(index.pairs.data() + places[k]);
        }
    }
    for (size_t ad = 0; ad < request.candidates; ad++) {
        kernels::Pairs sum = kernels::no_pairs();
        for (size_t i = ad * count; i < (ad + 1) * count; i += 8)
            sum = kernels::add(sum, kernels::gather(index.pairs.data(), places + i));
        const Pair total = kernels::total(sum), intercept = index.intercept_pairs[request.campaigns[ad]];
        looked_up[ad] = {total.click + intercept.click, total.conversion + intercept.conversion};
    }
}

// Finds the positions of an ad's weights, some blocks of candidates before they are gathered.
void LimitScorer::find_ad_pairs(const LimitRequest &request, size_t ad) {
    uint32_t *places = pair_places[ad / 16 % ring].data();
    for (size_t i = 0; i < request.ad_features; i++) {
        uint32_t words[16];
        kernels::find_words(request.ad_labels + i * request.ad_stride + ad, request.campaigns + ad, index.words_per_label,
                            words);
        kernels::find_pairs(index.words.data(), words, request.campaigns + ad, places + i * 16);
    }
    // With few campaigns they are in the second-level cache, where plain gathers are faster.
    if (index.campaigns > 2000)
        for (size_t i = 0; i < request.ad_features * 16; i++) __builtin_prefetch(index.pairs.data() + places[i]);
}
