// Built without exceptions: every verb works, and what would throw ends the program with its message.
#include <evac/evac.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "every_verb.hpp"

#if defined(__cpp_exceptions)
#error "this is the test of a build without exceptions"
#endif

namespace {

// The end that std::abort() brings is the one that is wanted.
extern "C" void end_well(int) { std::_Exit(0); }

int throw_what(const char* wanted) {
  std::signal(SIGABRT, end_well);
  evac::map<int, int> map;
  evac::sync_map<int, int> sync;
  if (std::strcmp(wanted, "out_of_range") == 0) return map.at(1);
  if (std::strcmp(wanted, "length_error") == 0) map.reserve(map.max_size() + 1);
  if (std::strcmp(wanted, "sync_length_error") == 0) sync.reserve(sync.max_size() + 1);
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) return throw_what(arguments[1]);
  const char* wrong = every_verb::use_everything();
  std::puts(*wrong == 0 ? "every verb works without exceptions" : wrong);
  return *wrong == 0 ? 0 : 1;
}
