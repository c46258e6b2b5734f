// A handler for misuse that evac detects: it prints the message, which names both call sites, and a stack, and stops.
//
// Here a visitor calls the map that calls it, which would wait for itself. The handler is a macro, so it is defined
// before evac is included, best for the whole program: -DEVAC_ASSERT_HANDLER='my_handler(message)'. It throws here, to
// go on; a service aborts.
#include <stdexcept>
#include <string>

[[noreturn]] void misused(const char* message);
#define EVAC_ASSERT_HANDLER(message) misused(message)

#include <evac/sharded_map.hpp>

#include <cstdio>

#include "expect.hpp"

#if __has_include(<backward.hpp>)  // Debian: libbackward-cpp-dev
#include <backward.hpp>
#include <iostream>

void print_stack() {
  backward::StackTrace stack;
  stack.load_here(32);
  backward::Printer().print(stack, std::cerr);
}
#else
#include <execinfo.h>

void print_stack() {
  void* frames[32];
  backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
}
#endif

void misused(const char* message) {
  std::fprintf(stderr, "%s\n", message);
  print_stack();
  throw std::logic_error(message);
}

int main() {
  if (EVAC_CHECKS == 0) {
    std::puts("built with NDEBUG: nobody looks for misuse");
    return 0;
  }
  evac::sharded_map<int, int> map;
  map.insert({1, 1});
  std::string told;
  try {
    map.visit(1, [&](auto&) { map.visit(2, [](auto&) {}); });
  } catch (const std::logic_error& error) {
    told = error.what();
  }
  expect(told.find("crash_handler.cpp") != std::string::npos, "the message names the call sites");
  expect(map.size() == 1, "the map is as it was");
}
