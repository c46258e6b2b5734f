// Tables of sync_map under relacy: the steps of its verbs over the library's own chains, roots, splits and readers.
// Included after the shadow atomic.hpp, which brings relacy.
#ifndef EVAC_TESTS_MODEL_TABLE_MODEL_HPP
#define EVAC_TESTS_MODEL_TABLE_MODEL_HPP

#include "evac/detail/lockfree/chain_reader.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/split.hpp"
#include "evac/detail/lockfree/storage.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "domain_model.hpp"

namespace evac_model {

template <class T>
struct map_of {
  using key_type = std::uint64_t;
  using mapped_type = T;
  using value_type = std::pair<const key_type, T>;
  static constexpr bool is_map = true;
  static const key_type& key(const value_type& element) noexcept { return element.first; }
};
struct two_words {
  std::uint64_t first;
  std::uint64_t second;
};
using narrow = slots_storage<map_of<std::uint64_t>>;
using wide = slots_storage<map_of<two_words>>;
/// A value whose making, copying and end are seen.
struct seen_value {
  evac_model::plain<std::uint64_t> number;
  explicit seen_value(std::uint64_t initial) : number(initial) {}
  seen_value(const seen_value&) = default;
  seen_value& operator=(const seen_value&) = default;
  ~seen_value() { number.set(0); }
};
using nodes = nodes_storage<map_of<std::uint64_t>, std::allocator<std::pair<const std::uint64_t, std::uint64_t>>>;
using seen_nodes = nodes_storage<map_of<seen_value>, std::allocator<std::pair<const std::uint64_t, std::uint64_t>>>;

struct identity {
  [[nodiscard]] static std::size_t hash_of(std::uint64_t key) noexcept { return key; }
};

/// The steps of sync_table's verbs.
template <class Model, rl::thread_id_t Threads, class Storage>
struct table_model : domain_model<Model, Threads> {
  using base = domain_model<Model, Threads>;
  using slot_value = typename Storage::slot_value;
  using key_type = std::uint64_t;
  using allocator = std::allocator<std::pair<const std::uint64_t, std::uint64_t>>;
  using root_type = sync_root<Storage, allocator>;
  using chain_type = typename root_type::chain_type;
  using place = typename chain_type::place;

  struct root_object {
    root_type table{allocator(), 0, 0};
    watched life;
    root_object() = default;
    root_object(const root_object&) = delete;
    root_object& operator=(const root_object&) = delete;
    ~root_object() {
      if constexpr (Storage::in_nodes) {
        while (table.free_homes(1, [](auto& home) {
          chain_type::for_each_of(home, [](place at, tag_t) { Storage::destroy(allocator(), chain_type::at(at)); });
        })) {
        }
      }
    }
  };
  root_object* root = nullptr;

  void before() {
    base::before();
    root = new root_object;
  }
  void after() {
    delete root;
    base::after();
  }

  template <class T>
  [[nodiscard]] static slot_value make(key_type key, const T& value) {
    if constexpr (Storage::in_nodes) {
      return Storage::make(allocator(), identity::hash_of(key), key, value);
    } else {
      return Storage::make(key, value);
    }
  }
  [[nodiscard]] static auto same(key_type key) {
    return [key](const slot_value& element) { return Storage::key(element) == key; };
  }
  [[nodiscard]] chain_type lock(key_type key) { return root->table.lock_home(this->own(), *this->core, key); }

  /// By the main thread before and after the others, which have not begun or are over: any record will do.
  template <class T>
  bool insert_into(epoch_record& own, key_type key, const T& value) {
    const slot_value fresh = make(key, value);
    {
      chain_type chain = root->table.lock_home(own, *this->core, key);
      if (chain.find(tag_of(key), same(key)).where == nullptr) {
        chain.insert(fresh, tag_of(key), chain.needs_overflow() ? root->table.take_overflow(chain.home()) : nullptr);
        return true;
      }
    }
    if constexpr (Storage::in_nodes) Storage::destroy(allocator(), fresh);
    return false;
  }
  template <class T>
  void prepare(key_type key, const T& value) {
    RL_ASSERT(insert_into(*this->records[0], key, value));
  }
  template <class T>
  bool insert(key_type key, const T& value) {
    const typename base::guard inside(*this);
    return insert_into(this->own(), key, value);
  }
  bool erase(key_type key) {
    const typename base::guard inside(*this);
    slot_value gone;
    {
      chain_type chain = lock(key);
      const place found = chain.find(tag_of(key), same(key));
      if (found.where == nullptr) return false;
      gone = chain_type::at(found);
      chain.erase(found, [&](auto* emptied) { root->table.give_back(chain.home(), emptied); });
    }
    take_away(gone);
    return true;
  }
  /// change(value) is the new one, made under the lock.
  template <class Change>
  void update(key_type key, const Change& change) {
    const typename base::guard inside(*this);
    slot_value gone;
    {
      chain_type chain = lock(key);
      const place found = chain.find(tag_of(key), same(key));
      RL_ASSERT(found.where != nullptr);
      gone = chain_type::at(found);
      chain.replace(found, make(key, change(Storage::value(gone))));
    }
    take_away(gone);
  }
  void take_away([[maybe_unused]] const slot_value& gone) {
    if constexpr (Storage::in_nodes) {
      this->core->retire(this->own(), {gone, nullptr,
                                       [](void* object, void*) {
                                         if (Storage::give_up(static_cast<slot_value>(object)))
                                           Storage::destroy(allocator(), static_cast<slot_value>(object));
                                         return true;
                                       },
                                       sizeof(*gone)});
    }
  }
  [[nodiscard]] auto find_in(root_type& table, epoch_record& own, key_type key) {
    std::optional<typename std::decay_t<decltype(Storage::value(std::declval<slot_value>()))>> value;
    chain_reader<Storage, allocator>(table, own).find(key, same(key), [&](const slot_value& found) {
      value = Storage::value(found);
    });
    return value;
  }
  [[nodiscard]] auto find(key_type key) {
    const typename base::guard inside(*this);
    return find_in(root->table, this->own(), key);
  }
  /// After the threads: what is left.
  [[nodiscard]] auto left(key_type key) { return find_in(root->table, *this->records[0], key); }

  /// Splits the next child off, as a write does that finds the table full.
  void split_in(root_type& table) {
    const auto run = table.claim(1000, 1);
    child_split<Storage, allocator> split(table, this->own(), *this->core);
    for (std::size_t child = run.from; child < run.to; ++child) split.run(identity(), child);
    table.publish_finished();
  }
  void split() {
    const typename base::guard inside(*this);
    split_in(root->table);
  }
  /// How often each of the first keys is seen, as sync_table::for_each() goes through a table.
  [[nodiscard]] std::array<int, 16> seen() {
    const typename base::guard inside(*this);
    std::array<int, 16> times{};
    const std::size_t homes = std::bit_floor(root->table.homes());
    std::vector<std::pair<std::size_t, unsigned>> to_visit;
    std::vector<slot_value> copied;
    for (std::size_t home = 0; home < homes; ++home) {
      to_visit.emplace_back(home, static_cast<unsigned>(std::bit_width(homes)) - 1);
      while (!to_visit.empty()) {
        const auto [index, depth] = to_visit.back();
        to_visit.pop_back();
        const unsigned reached = chain_reader<Storage, allocator>(root->table, this->own()).copy(index, copied);
        for (unsigned bit = depth; bit < reached; ++bit) to_visit.emplace_back(index | std::size_t{1} << bit, bit + 1);
        for (const slot_value& each : copied) ++times[Storage::key(each) % times.size()];
      }
    }
    return times;
  }
};

}  // namespace evac_model

#endif
