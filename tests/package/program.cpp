// A first program; every way of getting the library builds and runs it.
#include <evac/map.hpp>
#include <evac/set.hpp>

#include <cstdint>
#include <iostream>
#include <string>

int main() {
  evac::map<std::string, std::uint64_t> lengths;
  evac::set<std::uint64_t> distinct;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    lengths["word" + std::to_string(i)] = i;
    distinct.insert(i % 100);
  }
  std::uint64_t sum = 0;
  for (const auto& [word, number] : lengths) sum += number;

  const bool right = lengths.size() == 20000 && distinct.size() == 100 && lengths.at("word19999") == 19999 &&
                     sum == 20000ULL * 19999ULL / 2 && !lengths.contains("word20000");
  std::cout << (right ? "evac works\n" : "evac is broken\n");
  return right ? 0 : 1;
}
