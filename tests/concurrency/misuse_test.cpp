// The misuse check, in a child process: it must end with the message.
#include <cstddef>
#include <cstdlib>
#include <evac/map.hpp>
#include <functional>
#include <utility>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/in_threads.hpp"

using namespace evac_test;

namespace {

// A hash that enters its own map once, or lets another thread do so.
struct entering_hash {
  std::size_t operator()(int key) const {
    if (key == 1) (*enter)();
    return static_cast<std::size_t>(key);
  }
  std::function<void()>* enter;
};
using entered_map = evac::map<int, int, entering_hash>;

void enter_while_inserting(const std::function<void(entered_map&)>& inner) {
  bool entered = false;
  entered_map* inside = nullptr;
  std::function<void()> enter = [&] {
    if (std::exchange(entered, true)) return;
    inner(*inside);
  };
  entered_map map(0, entering_hash{&enter});
  inside = &map;
  map[2] = 2;
  map[1] = 1;
}

}  // namespace

TEST_CASE("two calls inside one map, one of them writing, stop a checked build with a message") {
#ifdef NDEBUG
  WARN("not checked: this build defines NDEBUG, which turns the misuse check off; what is required is that it runs on");
  REQUIRE(in_child([] { enter_while_inserting([](entered_map& map) { (void)map.contains(2); }); }).good());
#else
  struct misuse {
    const char* name;
    std::function<void(entered_map& map, entered_map& other)> call;
  };
  const misuse misuses[] = {
      {"erase", [](auto& map, auto&) { map.erase(2); }},
      {"clear", [](auto& map, auto&) { map.clear(); }},
      {"contains", [](auto& map, auto&) { (void)map.contains(2); }},
      {"swap", [](auto& map, auto& other) { map.swap(other); }},
      {"swap, as the other one", [](auto& map, auto& other) { other.swap(map); }},
      {"copy assignment", [](auto& map, auto& other) { map = other; }},
      {"copy assignment, as the source", [](auto& map, auto& other) { other = map; }},
      {"move assignment", [](auto& map, auto& other) { map = std::move(other); }},
      {"move assignment, as the source", [](auto& map, auto& other) { other = std::move(map); }},
      {"assignment of a list", [](auto& map, auto&) { map = {{5, 5}}; }},
      {"copy", [](auto& map, auto&) { (void)entered_map(map); }},
      {"move", [](auto& map, auto&) { (void)entered_map(std::move(map)); }},
      {"move with an allocator", [](auto& map, auto&) { (void)entered_map(std::move(map), map.get_allocator()); }},
      {"comparison", [](auto& map, auto& other) { (void)(map == other); }},
      {"comparison, as the right one", [](auto& map, auto& other) { (void)(other == map); }},
      {"merge", [](auto& map, auto& other) { map.merge(other); }},
      {"merge, as the source", [](auto& map, auto& other) { other.merge(map); }},
  };
  for (const misuse& one : misuses) {
    INFO(one.name);
    const ended_child child = in_child([&] {
      enter_while_inserting([&](entered_map& map) {
        entered_map other({{7, 7}}, 0, map.hash_function());
        in_another_thread([&] { one.call(map, other); });
      });
    });
    INFO(child.message);
    CHECK(child.aborted_with("evac: concurrent map writes"));
  }
#endif
}

TEST_CASE("reading a map from inside one's own insert is no misuse") {
  const ended_child child = in_child([] {
    enter_while_inserting([](entered_map& map) {
      const entered_map copy(map);
      if (!map.contains(2) || map.size() != 1 || !(copy == map) || map.begin()->second != 2) std::_Exit(1);
    });
  });
  INFO(child.message);
  CHECK(child.good());
}

TEST_CASE("changing a map from inside one's own insert stops a checked build with a message") {
#ifndef NDEBUG
  const ended_child child = in_child([] { enter_while_inserting([](entered_map& map) { map.erase(2); }); });
  INFO(child.message);
  CHECK(child.aborted_with("evac: map changed from inside a call that changes it"));
#else
  WARN("not checked: this build defines NDEBUG");
#endif
}

namespace {

// Calls use() when it is destroyed, unless it has been moved from.
class calling {
 public:
  explicit calling(const std::function<void()>* use) : use_(use) {}
  calling(calling&& other) noexcept : use_(std::exchange(other.use_, nullptr)) {}
  calling& operator=(calling&&) = delete;
  ~calling() {
    if (use_ != nullptr) (*use_)();
  }

 private:
  const std::function<void()>* use_;
};

}  // namespace

TEST_CASE("a destructor may read the map that its element is erased from, and does not find it there") {
  evac::map<int, calling> map;
  int called = 0;
  bool good = true;
  const std::function<void()> look = [&] {
    ++called;
    std::size_t seen = 0;
    for (const auto& element : map) seen += element.first >= 0 ? 1 : 0;
    good = good && seen == map.size() && !map.contains(3) && (map.size() == 99 ? map.contains(7) : !map.contains(0));
  };
  const std::function<void()> nothing = [] {};
  for (int i = 0; i < 100; ++i) map.try_emplace(i, i == 3 || i == 0 ? &look : &nothing);
  map.erase(3);
  CHECK(called == 1);
  map.clear();
  CHECK(called == 2);
  CHECK(good);
}

TEST_CASE("a destructor that changes the map that its element is erased from stops a checked build with a message") {
#ifndef NDEBUG
  for (const bool by_clear : {false, true}) {
    const ended_child child = in_child([&] {
      evac::map<int, calling> map;
      const std::function<void()> change = [&] { map.erase(5); };
      for (int i = 0; i < 10; ++i) map.try_emplace(i, &change);
      by_clear ? map.clear() : static_cast<void>(map.erase(3));
    });
    INFO(child.message);
    CHECK(child.aborted_with("evac: map re-entered from a destructor"));
  }
#else
  WARN("not checked: this build defines NDEBUG");
#endif
}
