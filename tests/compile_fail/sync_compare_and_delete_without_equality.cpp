// expect: evac: compare_and_delete() compares values with ==; give the mapped type an operator==
#include "evac/sync_map.hpp"

struct incomparable {
  int number;
};

int main() {
  evac::sync_map<int, incomparable> values;
  values.compare_and_delete(1, incomparable{1});
}
