// expect: evac: the visitor must accept an element: value_type&, or const value_type& in the c-forms
#include <utility>

#include "evac/sharded_map.hpp"

int main() {
  const evac::sharded_map<int, int> numbers;
  numbers.visit_all([](std::pair<const int, int>& element) { ++element.second; });
}
