// The misuse check, in a child process: it must end with the message.
#include <cstddef>
#include <evac/map.hpp>
#include <functional>
#include <utility>

#include "support/catch.hpp"
#include "support/child.hpp"

using namespace evac_test;

namespace {

// A hash that enters its own map once: the deterministic stand-in for a second thread inside the map.
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
        one.call(map, other);
      });
    });
    INFO(child.message);
    CHECK(child.aborted_with("evac: concurrent map writes"));
  }
#endif
}
