// What the recipes check of themselves: a message and status 1 where it is not so.
#ifndef EVAC_EXAMPLES_RECIPES_EXPECT_HPP
#define EVAC_EXAMPLES_RECIPES_EXPECT_HPP

#include <cstdio>
#include <cstdlib>

inline void expect(bool is_so, const char* what) {
  std::printf("%s: %s\n", is_so ? "yes" : "NO", what);
  if (!is_so) std::exit(1);
}

#endif
