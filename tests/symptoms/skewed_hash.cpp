// Symptom: look-ups and inserts of one map are slow. Cause: its hash has eight values.
#include "evac/map.hpp"
#include "symptom.hpp"

struct by_last_digits {
  std::size_t operator()(long key) const { return static_cast<std::size_t>(key % 8); }
};
evac::map<long, long, by_last_digits> orders;

int main() {
  for (long order = 0; order < 2000; ++order) orders[order] = 1;
  symptom::stay();
}
