// growt: open addressing; all threads help to copy the table into a larger one. It is used for inserts, look-ups and
// counting only: when threads erase and insert one key at the same time its answers do not add up (2023), and it cannot
// erase strings. It does not accept the keys 0 and 2^63 - 1.
#ifndef EVAC_BENCH_PEERS_GROWT_HPP
#define EVAC_BENCH_PEERS_GROWT_HPP

#if EVAC_BENCH_HAS_GROWT
#include <allocator/alignedallocator.hpp>
#include <data-structures/hash_table_mods.hpp>
#include <data-structures/table_config.hpp>
#include <utils/hash/murmur2_hash.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "peers/adapting.hpp"

namespace bench {

struct growt_peer {
  static constexpr const char* name = "growt";
  static constexpr bool locked = false;

  struct text_hash {
    static constexpr std::string_view name = "std::hash";
    static constexpr std::size_t significant_digits = 64;
    std::uint64_t operator()(const std::string& text) const { return std::hash<std::string>{}(text); }
  };
  struct add {
    using mapped_type = std::uint64_t;
    std::uint64_t operator()(std::uint64_t& value, const std::uint64_t& by) const { return value += by; }
    std::uint64_t atomic(std::uint64_t& value, const std::uint64_t& by) const {
      return std::atomic_ref(value).fetch_add(by, std::memory_order_relaxed);
    }
  };

  template <class K, class V>
  class map {
    // The synchronised kind takes integers of 64 bits, the other one of 63.
    using config =
        std::conditional_t<is_text<K>, growt::table_config<K, V, text_hash, growt::AlignedAllocator<>, hmod::growable>,
                           growt::table_config<K, V, utils_tm::hash_tm::murmur2_hash, growt::AlignedAllocator<>,
                                               hmod::growable, hmod::sync>>;
    using native = typename config::table_type;
    using handle = typename native::handle_type;

   public:
    explicit map(std::size_t expected = 0) : map_(expected) {}
    template <class Q>
    bool insert(const Q& key, const V& value) {
      return own().insert(kept_key<K>(key), value).second;
    }
    template <class Q>
    void increment(const Q& key, const V& by) {
      own().insert_or_update(kept_key<K>(key), by, add{}, by);
    }
    template <class Q>
    bool find(const Q& key, V& out) const {
      handle& asked = own();
      auto at = asked.find(kept_key<K>(key));
      if (at == asked.end()) return false;
      out = static_cast<V>((*at).second);
      return true;
    }
    /// An estimate: the map knows no more.
    [[nodiscard]] std::size_t size() const {
      std::size_t count = 0;
      for_each([&](const K&, const V&) { ++count; });
      return count;
    }
    template <class F>
    void for_each(const F& f) const {
      handle& asked = own();
      for (auto at = asked.begin(); at != asked.end(); ++at) f((*at).first, static_cast<V>((*at).second));
    }

   private:
    /// Each thread uses a handle of its own. Handles are destroyed with the map, because a thread may outlive it.
    [[nodiscard]] handle& own() const {
      struct remembered {
        std::uint64_t map = 0;
        handle* at = nullptr;
      };
      thread_local std::array<remembered, 4> last;
      remembered& mine = last[id_ % last.size()];
      if (mine.map != id_) {
        const std::lock_guard lock(mutex_);
        auto& made = handles_[std::this_thread::get_id()];
        if (!made) made = std::make_unique<handle>(map_.get_handle());
        mine = {id_, made.get()};
      }
      return *mine.at;
    }
    [[nodiscard]] static std::uint64_t next_id() {
      static std::atomic<std::uint64_t> ids{0};
      return ++ids;
    }

    std::uint64_t id_ = next_id();
    mutable native map_;
    mutable std::mutex mutex_;
    mutable std::unordered_map<std::thread::id, std::unique_ptr<handle>> handles_;
  };
};

}  // namespace bench
#endif

#endif
