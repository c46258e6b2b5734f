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
  using home_type = typename root_type::home_type;
  using place = typename chain_type::place;
  using reader_type = chain_reader<Storage, allocator>;
  using outcome = typename reader_type::outcome;

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
  /// Calls change(chain, place of the key) with its home alone if that is still as one look has shown it, and only
  /// that matters; else with its chain: as the steps of sync_table do.
  template <class Matters, class Change>
  bool change_key(epoch_record& own, key_type key, const Matters& home_alone, const Change& change) {
    typename reader_type::sight seen;
    const outcome result = reader_type::look(root->table, key, same(key), seen);
    if (result == outcome::absent || result == outcome::found) {
      if (home_alone(seen.tags) &&
          home_type::try_lock_as_seen(*seen.home, seen.state, seen.tags, this->core->sleepers())) {
        home_type home(*seen.home, seen.state, seen.tags, this->core->sleepers());
        return change(home, result == outcome::found ? place{seen.home, seen.slot} : place());
      }
    }
    const auto locked = root->table.lock_home(own, *this->core, key);
    chain_type chain(*locked.home, locked.state, this->core->sleepers());
    return change(chain, chain.find(tag_of(key), same(key)));
  }
  void add(chain_type& chain, const slot_value& fresh, key_type key) {
    chain.insert(fresh, tag_of(key), chain.needs_overflow() ? root->table.take_overflow(chain.home()) : nullptr);
  }
  static void add(home_type& home, const slot_value& fresh, key_type key) { home.insert(fresh, tag_of(key)); }
  void remove(chain_type& chain, place found) {
    chain.erase(found, [&](auto* emptied) { root->table.give_back(chain.home(), emptied); });
  }
  static void remove(home_type& home, place found) { home.erase(found); }

  /// By the main thread before and after the others, which have not begun or are over: any record will do.
  template <class T>
  bool insert_into(epoch_record& own, key_type key, const T& value) {
    const slot_value fresh = make(key, value);
    const bool done = change_key(
        own, key, [](tag_word tags) { return home_type::has_room(tags); },
        [&](auto& chain, place found) {
          if (found.where != nullptr) return false;
          add(chain, fresh, key);
          return true;
        });
    if constexpr (Storage::in_nodes) {
      if (!done) Storage::destroy(allocator(), fresh);
    }
    return done;
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
    const auto alone = [](tag_word tags) { return !tags.any_overflow(); };
    if (!change_key(this->own(), key, alone, [&](auto& chain, place found) {
          if (found.where == nullptr) return false;
          gone = chain.at(found);
          remove(chain, found);
          return true;
        })) {
      return false;
    }
    take_away(gone);
    return true;
  }
  /// change(value) is the new one, made under the lock.
  template <class Change>
  bool update_if_there(key_type key, const Change& change) {
    const typename base::guard inside(*this);
    slot_value gone;
    const auto any = [](tag_word) { return true; };
    if (!change_key(this->own(), key, any, [&](auto& chain, place found) {
          if (found.where == nullptr) return false;
          gone = chain.at(found);
          chain.replace(found, make(key, change(Storage::value(gone))));
          return true;
        })) {
      return false;
    }
    take_away(gone);
    return true;
  }
  template <class Change>
  void update(key_type key, const Change& change) {
    RL_ASSERT(update_if_there(key, change));
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
    reader_type(table, own).find(key, same(key), [&](const slot_value& found) { value = Storage::value(found); });
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
        const unsigned reached = reader_type(root->table, this->own()).copy(index, copied);
        for (unsigned bit = depth; bit < reached; ++bit) to_visit.emplace_back(index | std::size_t{1} << bit, bit + 1);
        for (const slot_value& each : copied) ++times[Storage::key(each) % times.size()];
      }
    }
    return times;
  }
};

}  // namespace evac_model

#endif
