// The misuse check, in a child process: it must end with the message.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <array>
#include <cstdint>
#include <evac/map.hpp>
#include <functional>
#include <string>
#include <utility>

#include "support/catch.hpp"

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

struct ended {
  int status;
  std::string message;
};

ended in_child(const std::function<void()>& misuse) {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // the test framework's handler would report the child's end as a failure
    dup2(pipe_ends[1], STDERR_FILENO);
    misuse();
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string message;
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; (got = read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    message.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(pipe_ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {status, message};
}

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
  REQUIRE(in_child([] { enter_while_inserting([](entered_map& map) { (void)map.contains(2); }); }).status == 0);
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
    const ended child = in_child([&] {
      enter_while_inserting([&](entered_map& map) {
        entered_map other({{7, 7}}, 0, map.hash_function());
        one.call(map, other);
      });
    });
    CHECK(WIFSIGNALED(child.status));
    CHECK(child.message.find("evac: concurrent map writes") != std::string::npos);
  }
#endif
}
