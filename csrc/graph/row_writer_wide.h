// From the edges of cells in stream order (sample.h) to their adjacency rows. Word w of row u is
// the 64 bits of the stream from bit offset(u) + 64 w - u - 1 on, of which a mask keeps columns u +
// 1
// .. N - 1; offset(u) is the number of possible edges of the rows before u.
//
// For wide sources alone. A stream is readable 8 bytes before and 64 bytes behind its ends.
#pragma once

#include "graph/transpose_wide.h"
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

/// Rows of at most 32 columns, kLanes at once: the field of a row lies within two 32-bit words.
class NarrowRows {
 public:
    explicit NarrowRows(int num_nodes)
        : num_rows_(num_nodes), num_parts_((num_nodes + kLanes - 1) / kLanes) {
        for (int i = 0; i < num_parts_; ++i) {
            for (int lane = 0; lane < kLanes; ++lane) fill(i, lane);
        }
    }

    /// Writes the cells whose rows are not null.
    void write(const std::uint64_t* streams, int stride, std::uint64_t* const* rows) const {
        if (num_rows_ < kLanes) return write_few(streams, stride, rows);
        write_parts<1>(streams, stride, rows);
    }

#ifdef __AVX512F__
    /// Cells one after the other, from their streams inverted. Requires 25 rows or more.
    GEMCORE_ALWAYS_INLINE void write_inverted(const Lanes (&streams)[kLanes],
                                              std::uint64_t* rows) const {
        const Tables<4> tables(parts_);
        for (int cell = 0; cell < kLanes; ++cell, rows += num_rows_) {
            for (int i = 0; i < 4; ++i) {
                const Lanes placed = tables.place(streams[cell], i);
                store(rows + row_of(i, 4), without(tables.mask[i], placed));
            }
        }
    }
#endif

 private:
    struct Part {
        alignas(64) std::uint32_t index[2 * kLanes];  ///< The two words of each row's field.
        std::uint64_t left[kLanes];                   ///< Rotation that brings them to their place.
        std::uint64_t mask[kLanes];
        int word;  ///< First word of the stream that is loaded.
    };

    void fill(int i, int lane) {
        Part& part = parts_[i];
        const int first = row_of(i, num_parts_);
        const int u = first + lane;
        // 16 words are the whole stream; 8 hold what 4 rows need.
        part.word = kLanes == 8 ? 0 : first * (2 * num_rows_ - first - 1) / 2 / 32;
        const WordField field = u < num_rows_ ? word_field(num_rows_, u, 0) : WordField{0, 0};
        const int offset = field.mask == 0 ? 32 * part.word : field.position + u + 1;
        const auto word = static_cast<std::uint32_t>(offset / 32 - part.word);
        part.index[2 * lane] = word;
        part.index[2 * lane + 1] = word + 1;
        part.left[lane] = static_cast<std::uint64_t>(u + 1 - offset % 32) % 64;
        part.mask[lane] = field.mask;
    }

    /// The tables of all parts, in registers.
    template <int kParts>
    struct Tables {
        Lanes index[kParts];
        Lanes left[kParts];
        Lanes mask[kParts];

        GEMCORE_ALWAYS_INLINE explicit Tables(const Part* parts) {
            for (int i = 0; i < kParts; ++i) {
                index[i] = load(parts[i].index);
                left[i] = load(parts[i].left);
                mask[i] = load(parts[i].mask);
            }
        }

        /// Rows of part i, with bits of other rows around them.
        GEMCORE_ALWAYS_INLINE Lanes place(Lanes words, int i) const {
#ifdef __AVX512F__
            return _mm512_rolv_epi64(_mm512_permutexvar_epi32(index[i], words), left[i]);
#else
            const Lanes fields = _mm256_permutevar8x32_epi32(words, index[i]);
            const Lanes right = _mm256_srlv_epi64(fields, _mm256_sub_epi64(all(64), left[i]));
            return _mm256_or_si256(_mm256_sllv_epi64(fields, left[i]), right);
#endif
        }
    };

    /// The first row of a part: the last part overlaps the one before, so that every store is a
    /// whole one.
    GEMCORE_ALWAYS_INLINE int row_of(int part, int num_parts) const {
        if (part < num_parts - 1 || num_rows_ < kLanes) return part * kLanes;
        return num_rows_ - kLanes;
    }

    /// Fewer rows than lanes.
    void write_few(const std::uint64_t* streams, int stride, std::uint64_t* const* rows) const {
        const Tables<1> tables(parts_);
        for (int cell = 0; cell < kLanes; ++cell) {
            if (rows[cell] == nullptr) continue;
            std::uint64_t found[kLanes];
            store(found, both(tables.place(load(streams + cell * stride), 0), tables.mask[0]));
            for (int u = 0; u < num_rows_; ++u) rows[cell][u] = found[u];
        }
    }

    template <int kParts>
    GEMCORE_NO_INLINE void write_parts(const std::uint64_t* streams, int stride,
                                       std::uint64_t* const* rows) const {
        if constexpr (kParts < kNarrow / kLanes) {
            if (kParts < num_parts_) return write_parts<kParts + 1>(streams, stride, rows);
        }
        const Tables<kParts> tables(parts_);
        for (int cell = 0; cell < kLanes; ++cell) {
            if (rows[cell] == nullptr) continue;
            const auto* const words =
                reinterpret_cast<const std::uint32_t*>(streams + cell * stride);
            for (int i = 0; i < kParts; ++i) {
                const int word = kLanes == 8 ? 0 : parts_[i].word;
                const Lanes placed = tables.place(load(words + word), i);
                store(rows[cell] + row_of(i, kParts), both(placed, tables.mask[i]));
            }
        }
    }

    Part parts_[kNarrow / kLanes];
    int num_rows_;
    int num_parts_;
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

    void write(const std::uint64_t* streams, int stride, std::uint64_t* const* rows) const {
        for (int cell = 0; cell < kLanes; ++cell) {
            if (rows[cell] != nullptr) write_cell(streams + cell * stride, rows[cell]);
        }
    }

 private:
    GEMCORE_NO_INLINE void write_cell(const std::uint64_t* stream, std::uint64_t* rows) const {
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

    WordField fields_[4 * 256];
    int num_fields_;
};

/// Rows of the cells of a vector.
class RowWriter {
 public:
    RowWriter(int num_nodes, int blocks_per_cell)
        : blocks_(blocks_per_cell),
          stride_(8 * ((blocks_per_cell + 3) / 4)),
          is_narrow_(num_nodes <= kNarrow),
          narrow_(is_narrow_ ? num_nodes : 0),
          wide_(is_narrow_ ? 0 : num_nodes) {}

    const NarrowRows& narrow() const { return narrow_; }

    /// `pairs`: the blocks' halves, as WordPairs. Null rows are not written.
    void write(const std::uint64_t* pairs, std::uint64_t* const* rows) {
        std::uint64_t* const streams = padded_ + 8;
        for (int block = 0; block < blocks_; block += 4) {
            WordPairs four[4];
            for (int i = 0; i < 4; ++i) {
                const std::uint64_t* const from = pairs + 2 * (block + i) * kLanes;
                const bool is_there = block + i < blocks_;
                four[i] = {is_there ? load(from) : all(0), is_there ? load(from + kLanes) : all(0)};
            }
            transpose(four, streams + 2 * block, stride_);
        }
        if (is_narrow_) {
            narrow_.write(streams, stride_, rows);
        } else {
            wide_.write(streams, stride_, rows);
        }
    }

 private:
    const int blocks_;
    const int stride_;
    const bool is_narrow_;
    const NarrowRows narrow_;
    const WideRows wide_;
    alignas(64) std::uint64_t padded_[8 + 512 * kLanes + 8] = {};
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
