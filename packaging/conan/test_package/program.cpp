// A first program, for the recipe to build against its package.
#include <evac/map.hpp>

#include <iostream>
#include <string>

int main() {
  evac::map<std::string, int> map;
  map["answer"] = 42;
  std::cout << "evac works: " << map.at("answer") << '\n';
}
