// Notices that a thread calls a map from inside a visitor of the same map, before it waits for itself.
//
//   innermost call of this thread -> call around it -> ... -> null        marks lie on the stack
//
// In release builds, too: a mark costs two stores to thread-local memory.
#ifndef EVAC_DETAIL_SYNC_REENTRY_HPP
#define EVAC_DETAIL_SYNC_REENTRY_HPP

#include <cstdio>
#include <source_location>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// What was called, and where. The line is 0 where a call takes any number of arguments, after which no
/// std::source_location can be defaulted.
struct call_site {
  const char* operation;
  std::source_location where{};
};

/// Marks the scope as inside a call of the map.
class inside_call {
 public:
  EVAC_ALWAYS_INLINE inside_call(const void* map, call_site site) : map_(map), site_(site), around_(innermost_) {
    for (const inside_call* outer = around_; outer != nullptr; outer = outer->around_) {
      if (outer->map_ == map) [[unlikely]]
        report(site, outer->site_);
    }
    innermost_ = this;
  }
  inside_call(const inside_call&) = delete;
  inside_call& operator=(const inside_call&) = delete;
  ~inside_call() { innermost_ = around_; }

  /// Whether this thread is inside a call of the map.
  [[nodiscard]] static bool of(const void* map) noexcept {
    const inside_call* call = innermost_;
    while (call != nullptr && call->map_ != map) call = call->around_;
    return call != nullptr;
  }

 private:
  EVAC_NEVER_INLINE static void report(const call_site& inner, const call_site& outer) {
    static thread_local char message[1024];
    std::snprintf(message, sizeof message,
                  "evac: %s (%s:%u) called inside %s (%s:%u) of the same map: this would wait for itself",
                  inner.operation, inner.where.file_name(), unsigned{inner.where.line()}, outer.operation,
                  outer.where.file_name(), unsigned{outer.where.line()});
    EVAC_ASSERT_HANDLER(message);
  }

  [[gnu::__visibility__("default")]] static inline constinit thread_local const inside_call* innermost_ = nullptr;

  const void* map_;
  call_site site_;
  const inside_call* around_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
