// Every verb once; says which one is wrong.
#include <evac/evac.hpp>

#include <cstdio>

#include "every_verb.hpp"

int main() {
  const char* wrong = every_verb::use_everything();
  std::puts(*wrong == 0 ? "every verb works" : wrong);
  return *wrong == 0 ? 0 : 1;
}
