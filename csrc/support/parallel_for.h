#pragma once

#include <cstdint>
#include <functional>

namespace gemcore {

/// Number of threads of parallel_for from now on; 0 means all cores. Requires num_threads >= 0.
void set_num_threads(int num_threads);

int num_threads();

/// Calls body(begin, end) for chunks of at most `grain` items that together cover
/// 0 .. num_items - 1, on up to num_threads() threads, the calling one included.
///
/// Chunks are handed out in order, so results must not depend on who computes what. The first
/// exception of a body stops the hand-out and is thrown again here. Between its chunks the calling
/// thread asks check_interrupt(). Threads live for one call: 20 us each, so a chunk should take
/// longer. Not OpenMP, whose spinning pool fights with torch's in one process.
void parallel_for(std::int64_t num_items, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace gemcore
