// Observers of a domain, in a model: there are none.
#ifndef EVAC_DETAIL_SYNC_DOMAIN_OBSERVERS_HPP
#define EVAC_DETAIL_SYNC_DOMAIN_OBSERVERS_HPP

#include <cstddef>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

struct domain_observers {
  static void tell_over_cap(std::size_t, std::size_t, bool) noexcept {}
  static void reset_after_fork() noexcept {}
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
