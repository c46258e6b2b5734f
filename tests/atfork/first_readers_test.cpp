// The first threads of a process that use a lock, together: one of them registers what children of fork() do. One test,
// because a process has its first readers once.
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <evac/detail/platform/thread_id.hpp>
#include <evac/detail/sync/visible_readers.hpp>
#include <evac/sharded_map.hpp>
#include <functional>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/in_threads.hpp"

using evac::detail::visible_readers;
using namespace evac_test;

// What that of the C library calls.
extern "C" int __register_atfork(void (*)(), void (*)(), void (*)(), void*);  // NOLINT

namespace {

std::atomic<int> registrations{0};
std::function<void()> while_registering;

}  // namespace

extern "C" int pthread_atfork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  if (++registrations == 1 && while_registering) while_registering();
  return __register_atfork(before, in_parent, in_child, nullptr);  // null: never unloaded
}

TEST_CASE(
    "of threads that use their first lock together one registers what children do; who forks meanwhile loses nothing") {
  REQUIRE(visible_readers::record_count() == 0);
  evac::sharded_map<int, int> map(evac::shards{1});
  // Whether this thread has a record after a call, and what dump_locks() says of it.
  const auto is_known = [&] {
    map.emplace(1, 1);
    return visible_readers::line_of_this_thread() != visible_readers::without_line;
  };
  const auto is_named = [&] {
    const std::string number = std::to_string(evac::detail::system_thread_id());
    bool named = EVAC_CHECKS == 0;
    map.visit(
        1, [&](auto&) { named = named || map.dump_locks().find("by thread " + number + "\n") != std::string::npos; });
    return named;
  };

  bool is_named_meanwhile = false;
  bool is_known_meanwhile = true;
  ended_child child;
  while_registering = [&] {
    std::thread([&] {
      is_known_meanwhile = is_known();
      is_named_meanwhile = is_named();
      child = in_child([&] { return is_known() && is_named(); });
    }).join();
  };
  std::atomic<std::size_t> known{0};
  std::atomic<std::size_t> done{0};
  constexpr std::size_t threads = 64;
  in_threads(threads, [&](std::size_t) {
    for (int calls = 0; calls < 10'000 && !is_known(); ++calls) std::this_thread::yield();
    known += is_known() ? 1 : 0;
    ++done;
    await([&] { return done == threads; });  // so that no record is free again before that
  });
  while_registering = nullptr;
  CHECK(registrations == 1);
  CHECK(known == threads);
  CHECK_FALSE(is_known_meanwhile);
  CHECK(is_named_meanwhile);
  CHECK(child.good());
  CHECK(visible_readers::record_count() == threads);
}
