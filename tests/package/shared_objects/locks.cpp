// A program and plug-ins that each include evac share locks and maps, although none sees the other's symbols.
//
//   program [--apart] PLUG-IN...     prints what is wrong; the status is how much of it there is
//
// With --apart the system does not let one look whether there are records of readers already, so that each has its own.
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "lock_side.hpp"

extern "C" const lock_side* evac_lock_side();

namespace {

std::atomic<int> wrong{0};
void require(bool right, const char* what) {
  if (right) return;
  ++wrong;
  std::fprintf(stderr, "not so: %s\n", what);
}

bool apart = false;

template <class F>
callback call(F& function) {
  return {[](void* context) { (*static_cast<F*>(context))(); }, &function};
}
template <class Condition>
void await(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}
/// The part of a biased lock that tells where its readers announce themselves.
std::uint32_t registry_of(const void* lock) {
  std::uint32_t words[2];
  std::memcpy(words, lock, sizeof words);
  return words[1];
}
void make_biased(const lock_side& by, void* lock) {
  for (int reads = 0; !by.is_biased(lock); ++reads) {
    if (reads == 10'000'000) {
      std::fputs("not so: a lock that is only read becomes biased\n", stderr);
      std::_Exit(1);
    }
    by.lock_shared(lock);
    by.unlock_shared(lock);
  }
}
bool is_free(const lock_side& by, void* lock) {
  const bool locked = by.try_lock(lock);
  if (locked) by.unlock(lock);
  return locked;
}

void they_share_records_or_not(const lock_side& a, const lock_side& b) {
  void* const first = a.make_lock();
  void* const second = b.make_lock();
  make_biased(a, first);
  make_biased(b, second);
  const bool common = registry_of(first) == registry_of(second);
  // Two plug-ins that g++ has built may share symbols with each other, the program shares none with anybody.
  const bool one_is_the_program = &a == evac_lock_side() || &b == evac_lock_side();
  require(common || apart, "there is one registry");
  require(!common || !apart || !one_is_the_program, "there is one for each where they cannot look");
  a.end_lock(first);
  b.end_lock(second);
}

void biased_readers_exclude_writers_of_the_other(const lock_side& a, const lock_side& b) {
  void* const lock = a.make_lock();
  constexpr std::size_t writes = 12;
  std::atomic<std::size_t> first{0};
  std::atomic<std::size_t> second{0};
  std::atomic<std::size_t> torn{0};
  std::atomic<std::size_t> biased_when_written{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      for (std::size_t reads = 0; second.load(std::memory_order_relaxed) != writes; ++reads) {
        a.lock_shared(lock);
        const std::size_t before = first.load(std::memory_order_relaxed);
        if (reads % 256 == 0) std::this_thread::yield();
        if (second.load(std::memory_order_relaxed) != before) ++torn;
        a.unlock_shared(lock);
      }
    });
  }
  for (std::size_t write = 1; write <= writes; ++write) {
    await([&] { return a.is_biased(lock); });
    biased_when_written += a.is_biased(lock) ? 1 : 0;
    b.lock(lock);
    first.store(write, std::memory_order_relaxed);
    std::this_thread::yield();
    second.store(write, std::memory_order_relaxed);
    b.unlock(lock);
  }
  for (std::thread& reader : readers) reader.join();
  require(torn == 0, "readers of one see no write of the other half done");
  require(biased_when_written == writes, "they were announced");
  require(is_free(a, lock) && is_free(b, lock) && a.reader_count(lock) == 0, "nobody is left");
  a.end_lock(lock);
}

void readers_leave_by_the_other(const lock_side& a, const lock_side& b) {
  void* const lock = b.make_lock();
  for (int round = 0; round < 8; ++round) {
    make_biased(a, lock);
    a.lock_shared(lock);
    require(a.reader_count(lock) == 0, "a reader of a biased lock is announced");
    require(!is_free(b, lock), "the other sees it");
    // While a writer has taken the bias away and waits for it, too.
    std::atomic<bool> left{false};
    std::thread writer;
    if (round % 2 == 0) {
      writer = std::thread([&] {
        const lock_side& by = round % 4 == 0 ? a : b;
        by.lock(lock);
        require(left, "a writer waits until the other has let the reader out");
        by.unlock(lock);
      });
      await([&] { return !a.is_biased(lock); });
    }
    left = true;
    b.unlock_shared(lock);
    if (writer.joinable()) writer.join();
    require(b.reader_count(lock) == 0 && is_free(b, lock) && is_free(a, lock), "it has left");
  }
  // By both at once, and out in the other order.
  make_biased(a, lock);
  a.lock_shared(lock);
  b.lock_shared(lock);
  a.unlock_shared(lock);
  require(!is_free(a, lock) && !is_free(b, lock), "one of two is still in");
  b.unlock_shared(lock);
  require(is_free(a, lock) && is_free(b, lock) && a.reader_count(lock) == 0, "both have left");
  b.end_lock(lock);
}

void maps_are_shared(const lock_side& a, const lock_side& b) {
  void* const map = a.make_map(1);
  constexpr std::size_t writes = 60;
  std::atomic<bool> done{false};
  std::atomic<std::size_t> reads{0};
  std::atomic<std::size_t> all_torn{0};
  a.store(map, 1, 0);
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      std::size_t torn = 0;
      while (!done) {
        a.load(map, 1, torn);
        ++reads;
      }
      all_torn += torn;
    });
  }
  for (std::size_t write = 1; write <= writes; ++write) {
    // As many as bias a lock, now and then.
    const std::size_t before = reads;
    const std::size_t wanted = write % 10 == 0 ? 5000 : 10;
    await([&] { return reads - before >= wanted; });
    b.store(map, 1, write);
    b.store(map, write + 1, write);
    if (write % 3 == 0) b.erase(map, write + 1);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  std::size_t torn = all_torn;
  require(a.load(map, 1, torn) == writes && torn == 0, "no value of a map is seen half written");
  require(a.load(map, 2, torn) == 1 && b.load(map, 4, torn) == ~std::size_t{0}, "one sees what the other did");
  b.end_map(map);
}

void one_flight_for_both(const lock_side& a, const lock_side& b) {
  void* const map = a.make_map(4);
  for (std::size_t key = 0; key < 8; ++key) {
    std::atomic<int> computed{0};
    std::atomic<int> asking{0};
    std::atomic<int> right{0};
    auto compute = [&] {
      ++computed;
      await([&] { return asking == 4; });
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        ++asking;
        right += (thread % 2 == 0 ? a : b).compute(map, key, call(compute)) == key ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    require(computed == 1 && right == 4, "one computes for all");
  }
  b.end_map(map);
}

void reentry_is_reported(const lock_side& a, const lock_side& b) {
  // Without common records the two do not find each other's calls; what waits for itself then does so for ever.
  if (apart) return;
  void* const map = a.make_map(1);
  void* const other = b.make_map(1);
  for (const bool biased : {false, true}) {
    a.store(map, 1, 1);
    b.store(other, 1, 1);
    std::size_t torn = 0;
    for (int read = 0; biased && read < 5000; ++read) a.load(map, 1, torn);
    bool erase_reported = false;
    bool clear_reported = false;
    bool other_reported = true;
    auto call_b = [&] {
      erase_reported = b.erase(map, 1);
      clear_reported = b.clear(map);
      other_reported = b.erase(other, 2) || b.clear(other);
    };
    require(!a.cvisit(map, 1, call(call_b)) && erase_reported && clear_reported,
            "writing in a reading visitor is found");
    require(!other_reported, "another map may be called");
    require(!a.visit(map, 1, call(call_b)) && erase_reported && clear_reported, "writing in a visitor is found");
    bool read_reported = false;
    auto nothing = [] {};
    auto read_by_b = [&] { read_reported = b.cvisit(map, 1, call(nothing)); };
    require(!a.visit(map, 1, call(read_by_b)) && read_reported, "reading in a visitor is found");
    require(!a.erase(map, 2) && !b.erase(map, 2) && !b.clear(map), "nothing stays locked");
  }
  a.end_map(other);
  b.end_map(map);
}

/// A lock that readers of a plug-in have biased goes on when the plug-in has gone.
void a_plug_in_may_go(const lock_side& own, const char* path) {
  void* const lock = own.make_lock();
  void* const held = own.make_lock();
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  require(library != nullptr, "the plug-in is there again");
  if (library == nullptr) return;
  const lock_side& guest = *reinterpret_cast<get_lock_side*>(dlsym(library, "evac_lock_side"))();
  // In a thread that ends: as long as it lives, the system keeps what has destructors for it.
  std::thread([&] {
    make_biased(guest, lock);
    make_biased(guest, held);
    own.lock_shared(held);
    guest.lock_shared(lock);
    guest.unlock_shared(lock);
    own.unlock_shared(held);
  }).join();
  dlclose(library);
  void* const still_there = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  std::printf("%s %s\n", path, still_there == nullptr ? "has been unloaded" : "stays: the system does not unload it");
  if (still_there != nullptr) dlclose(still_there);
  require(own.is_biased(lock), "the lock is biased");
  own.lock_shared(lock);
  require(!is_free(own, lock), "a reader counts");
  own.unlock_shared(lock);
  own.lock(lock);
  require(!own.is_biased(lock), "a writer takes the bias away");
  own.unlock(lock);
  make_biased(own, lock);
  require(is_free(own, lock) && is_free(own, held), "nobody is left");
  own.end_lock(lock);
  own.end_lock(held);
}

const lock_side* open_side(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  return reinterpret_cast<get_lock_side*>(dlsym(library, "evac_lock_side"))();
}

/// From here the system refuses to look into memory by way of it.
bool refuse_to_look() {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof steps / sizeof *steps, steps};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  alarm(120);
  int first = 1;
  if (argc > 1 && std::string_view(argv[1]) == "--apart") {
    apart = true;
    ++first;
    if (!refuse_to_look()) {
      std::puts("this system has no filters for system calls");
      return 77;
    }
  }
  if (argc == first) return 2;
  std::vector<const lock_side*> sides{evac_lock_side()};
  // Objects that stay loaded come after those that are to go: the system would only count.
  for (int i = first; i < argc; ++i) a_plug_in_may_go(*sides.front(), argv[i]);
  for (int i = first; i < argc; ++i) sides.push_back(open_side(argv[i]));
  for (const auto& check : {they_share_records_or_not, biased_readers_exclude_writers_of_the_other,
                            readers_leave_by_the_other, maps_are_shared, one_flight_for_both, reentry_is_reported}) {
    for (const lock_side* const a : sides) {
      for (const lock_side* const b : sides) {
        // In a thread that ends: what it leaves must not matter to the next.
        if (a != b) std::thread([&] { check(*a, *b); }).join();
      }
    }
  }
  if (wrong == 0) std::printf("%zu shared objects share locks and maps\n", sides.size());
  return wrong;
}
