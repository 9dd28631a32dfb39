// From the edges of a cell in stream order (sample.h) to its adjacency rows. Word w of row u is the
// 64 bits of the stream from bit offset(u) + 64 w - u - 1 on, of which a mask keeps columns u + 1
// .. N - 1; offset(u) is the number of possible edges of the rows before u.
//
// For wide sources alone. The stream must be readable 8 bytes before and 128 bytes behind its ends.
#pragma once

#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Where an adjacency word lies in the stream.
struct WordField {
    int position;  ///< Of its bit 0, in bits; less than the stream's begin where that is masked.
    std::uint64_t mask;
};

GEMCORE_ALWAYS_INLINE WordField word_field(int num_nodes, int u, int w) {
    const int offset = u * (2 * num_nodes - u - 1) / 2;
    const int first = u + 1 - 64 * w < 0 ? 0 : u + 1 - 64 * w;
    const int end = num_nodes - 64 * w > 64 ? 64 : num_nodes - 64 * w;
    if (first >= end) return {0, 0};
    return {offset + 64 * w - u - 1, (~std::uint64_t{0} >> (64 - (end - first))) << first};
}

constexpr int kNarrow = 32;  ///< Most nodes of NarrowRows.

/// Rows of at most 32 columns: one bit field of a row lies within two neighboring 32-bit words.
class NarrowRows {
 public:
    explicit NarrowRows(int num_nodes)
        : num_vectors_((num_nodes + kLanes - 1) / kLanes), num_rows_(num_nodes) {
        for (int vector = 0; vector < num_vectors_; ++vector) {
            Part& part = parts_[vector];
            // The last vector overlaps the one before, so that every store is a whole one.
            const int last = num_nodes < kLanes ? 0 : num_nodes - kLanes;
            part.row = vector * kLanes < last ? vector * kLanes : last;
            part.word = part.row * (2 * num_nodes - part.row - 1) / 2 / 32;
            if (kLanes == 8) part.word = 0;  // All words of the stream fit the register.
            for (int lane = 0; lane < kLanes; ++lane) fill(part, lane, part.row + lane);
        }
    }

    GEMCORE_ALWAYS_INLINE void write(const std::uint64_t* stream, std::uint64_t* rows) const {
#ifdef __AVX512F__
        const Lanes words = load(stream);
        for (int vector = 0; vector < num_vectors_; ++vector) {
            const Part& part = parts_[vector];
            const Lanes fields = _mm512_permutexvar_epi32(load(part.index), words);
            const Lanes placed = _mm512_rolv_epi64(fields, load(part.left));
            const Lanes row = _mm512_and_si512(placed, load(part.mask));
            if (num_rows_ < kLanes) {
                _mm512_mask_storeu_epi64(rows, static_cast<__mmask8>((1 << num_rows_) - 1), row);
            } else {
                store(rows + part.row, row);
            }
        }
#else
        for (int vector = 0; vector < num_vectors_; ++vector) {
            const Part& part = parts_[vector];
            const Lanes words = load(reinterpret_cast<const std::uint32_t*>(stream) + part.word);
            const Lanes fields = _mm256_permutevar8x32_epi32(words, load(part.index));
            const Lanes left = load(part.left);
            const Lanes placed =  // Left by `left` if that is below 64, right by 64 - left else.
                _mm256_or_si256(_mm256_sllv_epi64(fields, left),
                                _mm256_srlv_epi64(fields, _mm256_sub_epi64(all(64), left)));
            const Lanes row = _mm256_and_si256(placed, load(part.mask));
            if (num_rows_ < kLanes) {
                const Lanes present =
                    _mm256_cmpgt_epi64(all(static_cast<std::uint64_t>(num_rows_)), lane_numbers());
                _mm256_maskstore_epi64(reinterpret_cast<long long*>(rows), present, row);
            } else {
                store(rows + part.row, row);
            }
        }
#endif
    }

 private:
    struct Part {
        std::uint32_t index[2 * kLanes];  ///< The two words of each row's field.
        std::uint64_t left[kLanes];       ///< Rotation that brings them to their columns.
        std::uint64_t mask[kLanes];
        int row;
        int word;  ///< From which the register is loaded.
    };

    void fill(Part& part, int lane, int u) const {
        const WordField field = u < num_rows_ ? word_field(num_rows_, u, 0) : WordField{0, 0};
        const int offset = field.mask == 0 ? 32 * part.word : field.position + u + 1;
        const auto word = static_cast<std::uint32_t>(offset / 32 - part.word);
        part.index[2 * lane] = word;
        part.index[2 * lane + 1] = word + 1;
        part.left[lane] = static_cast<std::uint64_t>(u + 1 - offset % 32) % 64;
        part.mask[lane] = field.mask;
    }

    Part parts_[kNarrow / kLanes];
    int num_vectors_;
    int num_rows_;
};

/// Rows of any width.
class WideRows {
 public:
    explicit WideRows(int num_nodes) {
        const int num_words = (num_nodes + 63) / 64;
        num_fields_ = num_nodes * num_words;
        for (int i = 0; i < num_fields_; ++i) {
            fields_[i] = word_field(num_nodes, i / num_words, i % num_words);
        }
    }

    GEMCORE_ALWAYS_INLINE void write(const std::uint64_t* stream, std::uint64_t* rows) const {
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(stream);
        for (int i = 0; i < num_fields_; ++i) {
            const WordField field = fields_[i];
            const std::uint8_t* const from = bytes + (field.position >> 3);
            std::uint64_t low;
            __builtin_memcpy(&low, from, 8);
            const std::uint64_t high = from[8];
            const int shift = field.position & 7;
            rows[i] = (low >> shift | high << 1 << (63 - shift)) & field.mask;
        }
    }

 private:
    WordField fields_[4 * 256];
    int num_fields_;
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
