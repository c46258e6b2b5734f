// Program for the debugger to look into: maps of all kinds in the middle of a growth, and threads that hold locks and
// guards. At each scene it writes what its maps hold to a file, and calls stop_here().
//
// usage: program FILE
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>

#include "evac/epoch.hpp"
#include "evac/map.hpp"
#include "evac/rw_lock.hpp"
#include "evac/set.hpp"
#include "evac/sharded_map.hpp"
#include "evac/sharded_set.hpp"
#include "evac/sync_map.hpp"
#include "evac/sync_set.hpp"

// Elements and maps have external linkage: so they are there for the debugger, however unused.

// --- elements --------------------------------------------------------------------------------------------------------

struct large {
  long first = 0;
  long rest[63] = {};
};
struct mover {
  int value = 0;
  mover() = default;
  explicit mover(int of) : value(of) {}
  mover(const mover&) = default;
  mover(mover&& other) noexcept(false) : value(other.value) {}
  mover& operator=(const mover&) = default;
};
struct one_hash {
  std::size_t operator()(long) const { return 42; }
};

// Counts down to a stop: the first hash of an insert is that of its key, the next is computed by a split.
static int hashes_to_stop = 0;
static void stop_in_split();
struct stopping_hash {
  std::size_t operator()(long key) const {
    if (hashes_to_stop != 0 && --hashes_to_stop == 0) stop_in_split();
    return static_cast<std::size_t>(key);
  }
};

// --- maps ------------------------------------------------------------------------------------------------------------

evac::map<long, long, stopping_hash> numbers;
evac::map<std::string, std::string> names;
evac::map<int, large> larges;
evac::map<int, mover> movers;
evac::map<long, long, one_hash> chained;
evac::map<long, long> nothing;
evac::set<std::string> words;
evac::set<std::string>& same_words = words;
evac::sharded_map<long, std::string> shared_names(evac::shards{4});
evac::sharded_set<int> shared_numbers(evac::shards{4});
evac::sync_map<long, long, stopping_hash> sync_numbers;
evac::sync_map<char, short> sync_bytes;
evac::sync_map<std::string, std::string> sync_names;
evac::sync_map<long, long, evac::hash<long>, evac::equal_to<long>, std::allocator<std::pair<const long, long>>,
               evac::storage::in_nodes>
    sync_nodes;
evac::sync_set<std::string> sync_words;
evac::map<long, long, one_hash>::iterator found;  // into a map that changes no more
evac::map<std::string, std::string>::node_type taken;
evac::table_stats figures;

evac::rw_lock announced_lock;
evac::rw_lock write_lock;
evac::rw_lock free_lock;
evac::epoch_domain own_domain;

namespace {

const char* truth_path = nullptr;
std::map<long, long> sync_numbers_now;  // what sync_numbers holds, also while one of its writes is at work

// --- truth -----------------------------------------------------------------------------------------------------------

void write(std::ostream& out, long value) { out << value; }
void write(std::ostream& out, const std::string& value) { out << '"' << value << '"'; }
void write(std::ostream& out, const large& value) { out << value.first; }
void write(std::ostream& out, const mover& value) { out << value.value; }

template <class Elements>
void write_map(std::ostream& out, const char* name, const Elements& elements) {
  out << name;
  for (const auto& [key, value] : elements) {
    write(out << '\t', key);
    write(out << '\t', value);
  }
  out << '\n';
}
template <class Elements>
void write_set(std::ostream& out, const char* name, const Elements& elements) {
  out << name;
  for (const auto& key : elements) write(out << '\t', key);
  out << '\n';
}
template <class Map>
void write_sync(std::ostream& out, const char* name, const Map& map) {
  out << name;
  map.range([&](const auto& key, const auto& value) {
    write(out << '\t', key);
    write(out << '\t', value);
    return true;
  });
  out << '\n';
}

void write_truth() {
  std::ofstream out(truth_path);
  write_map(out, "numbers", numbers);
  write_map(out, "names", names);
  write_map(out, "larges", larges);
  write_map(out, "movers", movers);
  write_map(out, "chained", chained);
  write_map(out, "nothing", nothing);
  write_set(out, "words", words);
  write_map(out, "sync_numbers", sync_numbers_now);
  write_sync(out, "sync_bytes", sync_bytes);
  write_sync(out, "sync_names", sync_names);
  write_sync(out, "sync_nodes", sync_nodes);
}

}  // namespace

const char* scene = "";
// The debugger's breakpoint.
extern "C" [[gnu::noinline]] void stop_here() { asm volatile("" ::: "memory"); }

namespace {

void stop_at(const char* name) {
  scene = name;
  write_truth();
  stop_here();
}
const char* split_of = "";

}  // namespace

static void stop_in_split() { stop_at(split_of); }

namespace {

// --- scenes ----------------------------------------------------------------------------------------------------------

void fill() {
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "n" + std::to_string(i);
    if (i < 850) numbers[i] = -i;
    names[text] = text + "!";
    larges[i].first = 10 * i;
    movers.emplace(i, mover(i + 1));
    if (i < 40) chained[i] = i * i;
    words.insert(text);
    shared_names.emplace(i, text);
    shared_numbers.insert(i);
    if (i < 850) sync_numbers.store(i, i + 7);
    if (i < 850) sync_numbers_now[i] = i + 7;
    if (i < 100) sync_bytes.store(static_cast<char>(i), static_cast<short>(3 * i));
    sync_names.store(text, text + "?");
    sync_nodes.store(i, i * 5L);
    sync_words.insert(text);
  }
  for (long i = 0; i < 1000; i += 3) {
    numbers.erase(i);
    sync_numbers.erase(i);
    sync_numbers_now.erase(i);
    chained.erase(i);
  }
  const std::lock_guard once(free_lock);
  found = chained.find(1);
  taken = names.extract("n17");
  figures = numbers.stats();
}

// Inserts until one of its splits computes a hash. The hash of the key comes first.
template <class Insert>
void stop_in_split_of(const char* name, int hashes, const Insert& insert) {
  split_of = name;
  for (long key = 10000; scene != split_of; ++key) {
    hashes_to_stop = hashes;
    insert(key);
    hashes_to_stop = 0;
  }
}

bool sleeps(pid_t thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t behind = line.rfind(')');
  return behind != std::string::npos && behind + 2 < line.size() && line[behind + 2] == 'S';
}

std::atomic<int> ready = 0;
std::atomic<pid_t> waiter = 0;
std::mutex held;

void wait_to_leave() {
  ++ready;
  const std::lock_guard until(held);
}

void stop_with_threads() {
  const std::lock_guard keep(held);
  const auto wait_for = [](int count) {
    while (ready != count) std::this_thread::yield();
  };
  std::thread reader([] {
    for (int i = 0; i < 20000 && !announced_lock.is_biased(); ++i) std::shared_lock(announced_lock).unlock();
    const std::shared_lock inside(announced_lock);
    wait_to_leave();
  });
  wait_for(1);
  std::thread writer([] {
    shared_names.visit(5, [](auto&) {
      const std::lock_guard inside(write_lock);
      wait_to_leave();
    });
  });
  wait_for(2);
  std::thread guard([] {
    const evac::epoch_domain::guard inside(own_domain);
    wait_to_leave();
  });
  wait_for(3);
  for (int i = 0; i < 100; ++i) own_domain.retire(new int(i));
  own_domain.flush();
  std::thread waiting([] {
    waiter = static_cast<pid_t>(::gettid());
    shared_names.erase(5);
  });
  while (waiter == 0 || !sleeps(waiter)) std::this_thread::yield();
  stop_at("threads");
  held.unlock();
  reader.join();
  writer.join();
  guard.join();
  waiting.join();
  held.lock();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  ::mallopt(M_ARENA_MAX, 1);  // else each thread makes the core files 64 MiB larger
  truth_path = argv[1];
  fill();
  stop_at("between inserts");
  stop_in_split_of("split of a map", 2, [](long key) { numbers[key] = key; });
  stop_in_split_of("split of a sync map", 2, [](long key) {
    sync_numbers_now[key] = 1;
    sync_numbers.store(key, 1);
  });
  stop_with_threads();
  return 0;
}
