// The only header that spells std::atomic: everything else uses these names, so that a test can put an instrumented or
// a model-checked atomic in their place.
#ifndef EVAC_DETAIL_SYNC_ATOMIC_HPP
#define EVAC_DETAIL_SYNC_ATOMIC_HPP

#include <atomic>

namespace evac::detail {

template <class T>
using atomic = std::atomic<T>;

inline constexpr auto relaxed = std::memory_order_relaxed;

}  // namespace evac::detail

#endif
