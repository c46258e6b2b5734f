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
  const std::string wanted = "evac: concurrent map writes";
  const ended writer = in_child([] { enter_while_inserting([](entered_map& map) { map.erase(2); }); });
  REQUIRE(WIFSIGNALED(writer.status));
  REQUIRE(writer.message.find(wanted) != std::string::npos);
  const ended reader = in_child([] { enter_while_inserting([](entered_map& map) { (void)map.contains(2); }); });
  REQUIRE(WIFSIGNALED(reader.status));
  REQUIRE(reader.message.find(wanted) != std::string::npos);
#endif
}
