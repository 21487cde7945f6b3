// SPDX-License-Identifier: Apache-2.0
import CKernels

extension Index {
    /// The offset of each array of an index in its block. Arrays are contiguous, each begins on its own cache line, and
    /// those that scoring does not read come last.
    struct Layout {
        private static let alignment = 64

        private(set) var byteCount = 0
        let scales, parameters, intercepts, campaigns: ByTarget<Int>
        let labelSlots, fieldSlots, labelPilots, campaignPilots, fieldPilots, campaignSlots: Int
        let numberParameters, numberModels, directory, listModels, weights: Int
        let observedSlots, deviations, numberDeviations: Int
        let descriptions, order, names: Int

        init(_ counts: Counts, _ hashes: Hashes) {
            var end = 0
            func place<Element>(_: Element.Type, _ count: Int) -> Int {
                defer {
                    end =
                        (end &+ count &* MemoryLayout<Element>.stride &+ Layout.alignment &- 1)
                        & ~(Layout.alignment &- 1)
                }
                return end
            }
            scales = ByTarget { place(valuation_scale.self, counts.width($0)) }
            parameters = ByTarget { place(ModelParameters.self, counts.width($0)) }
            intercepts = ByTarget { place(Float.self, counts.width($0)) }
            campaigns = ByTarget { place(UInt32.self, counts.width($0)) }
            labelSlots = place(LabelSlot.self, hashes.labels.slotCount)
            fieldSlots = place(FieldSlot.self, hashes.fields.slotCount)
            labelPilots = place(UInt16.self, hashes.labels.pilotCount)
            campaignPilots = place(UInt16.self, hashes.campaigns.pilotCount)
            fieldPilots = place(UInt16.self, hashes.fields.pilotCount)
            campaignSlots = place(CampaignSlot.self, hashes.campaigns.slotCount &+ 1)
            numberParameters = place(NumberParameters.self, counts.numbers)
            numberModels = place(UInt32.self, counts.numbers)
            directory = place(UInt64.self, counts.directoryEntries)
            // A search may read beyond the end of the last list.
            let padded = counts.listPlaces &+ VALUATION_KERNELS_FOUND
            listModels = counts.isWide ? place(UInt32.self, padded) : place(UInt16.self, padded)
            // The model that stands for none may be beyond the last row. Dense rows begin on cache lines of their own,
            // because the elements of lists fill whole lines.
            let places = counts.listPlaces &+ counts.densePlaces &+ VALUATION_KERNELS_WIDTH
            weights = place(Int32.self, places)
            observedSlots = place(Observed.self, counts.observed)
            deviations = place(Float.self, counts.variances == 0 ? 0 : places)
            numberDeviations = place(Float.self, counts.variances == 0 ? 0 : counts.numbers)
            descriptions = place(Description.self, counts.modelCount)
            order = place(UInt32.self, counts.modelCount)
            names = place(UInt8.self, counts.nameBytes)
            byteCount = end
        }
    }
}
