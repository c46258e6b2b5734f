// Marks of calls: a thread that calls a map from inside a visitor of the same map is reported before it waits for
// itself.
//
//   innermost call of this thread -> call around it -> ... -> null        marks lie on the stack
//
// In release builds, too: a mark costs two stores to thread-local memory.
//
// Shared objects that do not share symbols have a chain of marks each:
//
//   marks of A  <->  marks of B  <->  ...        a ring for each thread; visible_readers.hpp says how they meet
//
// A call looks through the chain of its own shared object at once. It looks through the others' when it is about to
// wait, or about to lock the whole map: a thread that waits for itself always gets there.
#ifndef EVAC_DETAIL_SYNC_REENTRY_HPP
#define EVAC_DETAIL_SYNC_REENTRY_HPP

#include <cstdio>
#include <source_location>

#include "evac/detail/config.hpp"
#include "evac/detail/sync/watched.hpp"
#include "evac/observer.hpp"

namespace evac::inline EVAC_ABI::detail {

/// An operation, and where it was called. The line is 0 where an operation takes any number of arguments, after which
/// no std::source_location can be defaulted.
struct call_site {
  const char* operation;
  std::source_location where{};

  /// The same for an observer.
  [[nodiscard]] observer::call_place place() const noexcept {
    return {operation, where.line() != 0 ? where.file_name() : nullptr, where.line()};
  }
};

class inside_call;

/// The marks of one thread in one shared object.
struct thread_marks {
  const inside_call* innermost = nullptr;
  thread_marks* next = nullptr;  // of this thread in another shared object, in a ring; null while there is no other
};

/// The mark of one call of a map, from its construction to the end of its scope.
class inside_call {
 public:
  EVAC_ALWAYS_INLINE inside_call(const watched* map, call_site site)
      : map_(map), site_(site), around_(marks_.innermost) {
    if (around_ != nullptr) [[unlikely]]
      look_around();
    marks_.innermost = this;
  }
  inside_call(const inside_call&) = delete;
  inside_call& operator=(const inside_call&) = delete;
  ~inside_call() { marks_.innermost = around_; }

  /// Whether this thread is inside a call of the map.
  [[nodiscard]] static bool of(const void* map) noexcept {
    return find(marks_.innermost, map) != nullptr || find_elsewhere(map) != nullptr;
  }

  /// The call of the map that this thread is inside of; nothing if there is none.
  [[nodiscard]] static observer::call_place place_of(const void* map) noexcept {
    const inside_call* const call = find(marks_.innermost, map);
    return call != nullptr ? call->site_.place() : observer::call_place();
  }
  /// The innermost call of this thread, of whatever map.
  [[nodiscard]] static observer::call_place innermost_place() noexcept {
    return marks_.innermost != nullptr ? marks_.innermost->site_.place() : observer::call_place();
  }

  /// To be called before this call waits: reports a call around it that another shared object has made.
  void look_elsewhere() const {
    if (marks_.next == nullptr) return;
    if (const inside_call* const outer = find_elsewhere(map_)) report(outer->site_);
  }
  /// The same for the innermost call of this thread.
  static void look_elsewhere_for_innermost() {
    if (marks_.innermost != nullptr) marks_.innermost->look_elsewhere();
  }

  /// The ring of this thread with the marks of this shared object added, or taken out; any part of it stands for it.
  [[nodiscard]] static thread_marks* link_marks(thread_marks* ring) noexcept {
    if (ring == nullptr || ring == &marks_) return &marks_;
    marks_.next = ring->next != nullptr ? ring->next : ring;
    ring->next = &marks_;
    return ring;
  }
  [[nodiscard]] static thread_marks* unlink_marks(thread_marks* ring) noexcept {
    thread_marks* const next = marks_.next;
    if (next == nullptr) return nullptr;
    thread_marks* before = next;
    while (before->next != &marks_) before = before->next;
    before->next = before == next ? nullptr : next;
    marks_.next = nullptr;
    return ring == &marks_ ? before : ring;
  }

 private:
  EVAC_NEVER_INLINE void look_around() const {
    if (const inside_call* const outer = find(around_, map_)) report(outer->site_);
  }
  [[nodiscard]] static const inside_call* find(const inside_call* call, const void* map) noexcept {
    while (call != nullptr && call->map_ != map) call = call->around_;
    return call;
  }
  [[nodiscard]] static const inside_call* find_elsewhere(const void* map) noexcept {
    for (const thread_marks* each = marks_.next; each != nullptr && each != &marks_; each = each->next) {
      if (const inside_call* const found = find(each->innermost, map)) return found;
    }
    return nullptr;
  }
  EVAC_NEVER_INLINE void report(const call_site& outer) const {
    const call_site& inner = site_;
    map_->tell_reentered({map_, inner.place(), outer.place()});
    static thread_local char message[1024];
    std::snprintf(message, sizeof message,
                  "evac: %s (%s:%u) called inside %s (%s:%u) of the same map: this would wait for itself",
                  inner.operation, inner.where.file_name(), unsigned{inner.where.line()}, outer.operation,
                  outer.where.file_name(), unsigned{outer.where.line()});
    EVAC_ASSERT_HANDLER(message);
  }

  [[gnu::__visibility__("default")]] static inline constinit thread_local thread_marks marks_{};

  const watched* map_;
  call_site site_;
  const inside_call* around_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
