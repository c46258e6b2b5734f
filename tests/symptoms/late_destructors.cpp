// Symptom: files stay open after their entries are erased. Cause: a sync_map destroys what it erases when no reader can
// hold it any more, and when somebody writes or calls flush(); here nobody does.
#include <cstdio>
#include <memory>

#include "evac/sync_map.hpp"
#include "symptom.hpp"

struct close_file {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using open_file = std::shared_ptr<std::FILE>;
evac::sync_map<long, open_file> files;

int main() {
  for (long i = 0; i < 40; ++i) files.store(i, open_file(std::fopen("/dev/null", "r"), close_file()));
  for (long i = 0; i < 40; ++i) files.erase(i);
  symptom::stay();
}
