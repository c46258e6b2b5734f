// Symptom: memory stays as it was after clear(). Cause: the values are raw pointers, and nobody deletes what they point
// to.
#include <array>

#include "evac/map.hpp"
#include "symptom.hpp"

using session = std::array<char, 4096>;
evac::map<long, session*> sessions;

int main() {
  for (long i = 0; i < 20000; ++i) sessions[i] = new session{};
  sessions.clear();
  symptom::stay();
}
