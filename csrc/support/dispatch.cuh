// Chooses the instance of a kernel for a width of graphs.
#pragma once

#include <type_traits>

namespace gemcore::cuda {

/// Calls launch(std::integral_constant<int, kWords>) for kWords = num_words, 1 .. 4.
template <typename Launch>
void for_words(int num_words, const Launch& launch) {
    switch (num_words) {
        case 1:
            return launch(std::integral_constant<int, 1>{});
        case 2:
            return launch(std::integral_constant<int, 2>{});
        case 3:
            return launch(std::integral_constant<int, 3>{});
        default:
            return launch(std::integral_constant<int, 4>{});
    }
}

}  // namespace gemcore::cuda
