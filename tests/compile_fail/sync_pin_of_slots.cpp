// expect: evac: elements in slots have no address that stays; use load() or evac::storage::in_nodes
#include "evac/sync_map.hpp"

int main() {
  evac::sync_map<int, int> numbers;
  return numbers.pin().find(1) == nullptr ? 0 : 1;
}
