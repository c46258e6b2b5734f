// Work in the child of a fork(), for what ends a process or needs one of its own.
#ifndef EVAC_TESTS_SUPPORT_CHILD_HPP
#define EVAC_TESTS_SUPPORT_CHILD_HPP

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>
#include <type_traits>

namespace evac_test {

struct ended_child {
  int status = -1;      // as waitpid() tells it
  std::string message;  // what it wrote to the error stream
  /// It came to its end, and its work returned nothing or true.
  [[nodiscard]] bool good() const { return status == 0; }
  /// abort() was called, after `text` was written.
  [[nodiscard]] bool aborted_with(const std::string& text) const {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && message.find(text) != std::string::npos;
  }
};

/// The end of `work` in a child process. A child that hangs is killed after a minute.
template <class Work>
[[nodiscard]] ended_child in_child(const Work& work) {
  ended_child ended;
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return ended;
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // the test framework's handler would report the child's end as a failure
    alarm(60);
    dup2(ends[1], STDERR_FILENO);
    bool good = true;
    if constexpr (std::is_void_v<std::invoke_result_t<const Work&>>) {
      work();
    } else {
      good = work();
    }
    _exit(good ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 256> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    ended.message.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(ends[0]);
  if (child < 0 || waitpid(child, &ended.status, 0) != child) ended.status = -1;
  return ended;
}

}  // namespace evac_test

#endif
