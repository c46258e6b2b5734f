// expect: evac: compare_and_swap() compares values with ==; give the mapped type an operator==
#include "evac/sync_map.hpp"

struct incomparable {
  int number;
};

int main() {
  evac::sync_map<int, incomparable> values;
  values.compare_and_swap(1, incomparable{1}, incomparable{2});
}
