// One operation after the other on every map, for valgrind to count: `evac_bench_operations MAPS` runs under callgrind,
// which writes a file of counts for each "keys / map / operation". Started by evac_bench_instructions.
#include <sys/sysinfo.h>
#include <valgrind/callgrind.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <evac/detail/table/seed.hpp>
#include <iostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "counted/counted.hpp"
#include "peers/concurrent_peers.hpp"
#include "peers/owned_peers.hpp"
#include "support/measure.hpp"

// Found before that of the system by std::thread::hardware_concurrency(), from which maps choose their numbers of
// shards: the counts are those of a machine with two processors.
int get_nprocs() noexcept { return 2; }

namespace {

using namespace bench;

using counted_owned =
    owned_list<joined<peer_list<evac_peer, absl_peer>, if_found<EVAC_BENCH_HAS_BOOST_FLAT, struct boost_peer>,
                      if_found<EVAC_BENCH_HAS_ANKERL, struct ankerl_peer>, peer_list<std_peer>>>::type;
using counted_shared =
    joined<peer_list<evac_sync_peer, evac_sharded_peer>,
           if_found<EVAC_BENCH_HAS_BOOST_CONCURRENT, struct boost_concurrent_peer>,
           if_found<EVAC_BENCH_HAS_TBB, struct tbb_peer>, if_found<EVAC_BENCH_HAS_LIBCUCKOO, struct libcuckoo_peer>>;
using counted_peers = joined<counted_owned, counted_shared>;
using peers_with_counts = joined<owned_list<peer_list<evac_counting_peer>>::type,
                                 peer_list<evac_counting_sync_peer, evac_counting_sharded_peer>>;

template <class K>
[[nodiscard]] K key_of(std::uint64_t number) {
  if constexpr (std::is_same_v<K, std::string>) {
    return "session:" + std::to_string(random_key(number));  // too long to lie in the string object itself
  } else {
    return random_key(number);
  }
}

/// Keys in an order of their own, so that no operation follows the order of another.
template <class K>
[[nodiscard]] std::vector<K> keys_from(std::uint64_t first, std::uint64_t order) {
  std::vector<K> keys;
  for (std::uint64_t i = 0; i < counted_elements; ++i) keys.push_back(key_of<K>(first + i));
  for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[random_key(order + i) % i]);
  return keys;
}

/// Counts what run() executes, under this name; a run that did not do its work ends the program.
template <class Run>
void count(const std::string& name, const Run& run) {
  CALLGRIND_TOGGLE_COLLECT;
  const bool right = run();
  CALLGRIND_TOGGLE_COLLECT;
  if (!right) {
    std::cerr << "evac_bench_operations: wrong result: " << name << '\n';
    std::exit(1);
  }
  CALLGRIND_DUMP_STATS_AT(name.c_str());
}

/// The number of keys for which call(key) is true. Not inlined: the registers that a larger function happens to leave
/// free must not influence the counts.
template <class K, class Call>
[[gnu::noinline]] std::size_t each(const std::vector<K>& keys, Call call) {
  std::size_t done = 0;
  for (const K& key : keys) done += call(key) ? 1U : 0U;
  return done;
}

/// A map of one kind of key, and the keys that operations on it take.
template <class K, class Map>
class counted_map {
 public:
  counted_map(std::string keys, std::string name) : label_(std::move(keys) + " / " + std::move(name) + " / ") {}

  void count_all() {
    count_growing();
    count_inserts("insert, reserved");
    count_look_ups("");
    if constexpr (requires { map_.find_many(asked_.begin(), asked_.end(), [](std::uint64_t) {}); }) count_bulk();
    count_whole();
    count(label_ + "store of a present key",
          [&] { return each(asked_, [&](const K& key) { return map_.upsert(key, 2); }) == 0; });
    count(label_ + "erase",
          [&] { return each(asked_, [&](const K& key) { return map_.erase(key); }) == counted_elements; });
    count_inserts("insert again");
  }
  /// Of a map that counts its look-ups: what these cost with that.
  void count_counting() {
    for (const K& key : written_) map_.insert(key, 1);
    count_look_ups(", counted");
  }

 private:
  void count_growing() {
    Map growing;
    count(label_ + "insert, growing",
          [&] { return each(written_, [&](const K& key) { return growing.insert(key, 1); }) == counted_elements; });
  }
  void count_inserts(const char* operation) {
    count(label_ + operation,
          [&] { return each(written_, [&](const K& key) { return map_.insert(key, 1); }) == counted_elements; });
  }
  void count_look_ups(const char* how) {
    count(label_ + "hit" + how, [&] {
      std::uint64_t sum = 0;
      each(asked_, [&](const K& key) {
        std::uint64_t value = 0;
        const bool found = map_.find(key, value);
        sum += value;
        return found;
      });
      return sum == counted_elements;
    });
    count(label_ + "miss" + how, [&] {
      std::uint64_t value = 0;
      return each(absent_, [&](const K& key) { return map_.find(key, value); }) == 0;
    });
  }
  void count_bulk() {
    count(label_ + "hits in bulk", [&] {
      std::uint64_t sum = 0;
      map_.find_many(asked_.begin(), asked_.end(), [&](std::uint64_t value) { sum += value; });
      return sum == counted_elements;
    });
  }
  void count_whole() {
    count(label_ + "iteration", [&] {
      std::uint64_t sum = 0;
      map_.for_each([&](const auto&, const auto& value) { sum += value; });
      return sum == counted_elements;
    });
  }

  std::string label_;
  std::vector<K> written_ = keys_from<K>(0, 1U << 20U);
  std::vector<K> asked_ = keys_from<K>(0, 2U << 20U);
  std::vector<K> absent_ = keys_from<K>(std::uint64_t{1} << 32U, 3U << 20U);
  Map map_{counted_elements};
};

}  // namespace

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  const auto with_each = [&](auto peers, const auto& run) {
    for_each_peer(peers, [&]<class Peer>(Peer) {
      if (std::string(Peer::name).find(wanted) == std::string::npos) return;
      const auto count_with = [&]<class K>(const std::string& keys, K) {
        evac::detail::seed_sequence().store(
            1);  // otherwise each run, and each choice of maps, would count other chains
        counted_map<K, typename Peer::template map<K, std::uint64_t>> map(keys, Peer::name);
        run(map);
      };
      count_with(integer_keys, std::uint64_t{});
      count_with(string_keys, std::string{});
    });
  };
  with_each(counted_peers{}, [](auto& map) { map.count_all(); });
  with_each(peers_with_counts{}, [](auto& map) { map.count_counting(); });
  return 0;
}
