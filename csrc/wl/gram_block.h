// A block of a Gram matrix whose histograms fit into memory.
#pragma once

#include <cstdint>
#include <type_traits>

#include "wl/gram.h"
#include "wl/gram_columns.h"

namespace gemcore {

/// Where a block goes. Element [i, j] is at direct[i * pitch + j] and mirrored[j * pitch + i].
struct GramOutput {
    ValueType type;
    void* direct;
    void* mirrored;  ///< Null: not written
    std::int64_t pitch;
    bool streams;  ///< Past the caches
};

template <typename T>
constexpr ValueType value_type() {
    if (std::is_same_v<T, double>) return ValueType::kFloat64;
    return std::is_same_v<T, float> ? ValueType::kFloat32 : ValueType::kInt64;
}

/// Writes the kernel of every graph of x and every graph of y, null for x itself: then the lower
/// triangle is computed and mirrored. variant: kAuto, kIndex or kDense. Threaded.
void gram_block(const LabelledBatch& x, const LabelledBatch* y, const WlOptions& options,
                GramVariant variant, const GramOutput& output);

}  // namespace gemcore
