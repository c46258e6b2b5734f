// The buckets of sync_map under relacy: see rw_lock_model.cpp for what that does and how it is run.
// The chains, roots, splits and readers are those of the library; tables begin with two homes, and keys are their own
// hashes, so that a key's lowest bits say where it goes.
#define EVAC_HAS_MEMBARRIER 0
#include "evac/detail/lockfree/chain_reader.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/lockfree/split.hpp"
#include "evac/detail/lockfree/storage.hpp"
#include "evac/detail/sync/atomic.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "domain_model.hpp"
#include "run_models.hpp"

namespace {

using bug = evac_model::sync_bug;
using evac_model::domain_model;
using evac_model::watched;
using namespace evac::detail;

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

/// A value of several words is never seen half old, half new, nor going back.
struct overwrite : table_model<overwrite, 2, wide> {
  void before() {
    table_model::before();
    prepare(0, two_words{1, 1});
  }
  void thread(unsigned index) {
    if (index == 0) {
      update(0, [](const two_words&) { return two_words{2, 2}; });
      update(0, [](const two_words&) { return two_words{3, 3}; });
      return;
    }
    std::uint64_t before = 0;
    for (int i = 0; i < 2; ++i) {
      const std::optional<two_words> value = find(0);
      RL_ASSERT(value.has_value() && value->first == value->second && value->first >= before);
      before = value->first;
    }
  }
};

/// A slot that is emptied and filled again with another key.
template <class Model, class Storage>
struct slot_used_again : table_model<Model, 2, Storage> {
  void before() {
    table_model<Model, 2, Storage>::before();
    this->prepare(0, std::uint64_t{10});
  }
  void thread(unsigned index) {
    if (index == 0) {
      this->erase(0);
      this->insert(2, std::uint64_t{12});
      return;
    }
    const auto first = this->find(0);
    const auto other = this->find(2);
    const auto second = this->find(0);
    RL_ASSERT(!first.has_value() || *first == 10);
    RL_ASSERT(!second.has_value() || (first.has_value() && *second == 10));
    RL_ASSERT(!other.has_value() || (*other == 12 && !second.has_value()));
  }
};
struct slot_again : slot_used_again<slot_again, narrow> {};
struct node_slot_again : slot_used_again<node_slot_again, nodes> {};

/// Who finds a node finds what it was made of, and nobody frees it meanwhile.
struct node_contents : table_model<node_contents, 2, seen_nodes> {
  void before() {
    table_model::before();
    prepare(0, seen_value(10));
  }
  void thread(unsigned index) {
    if (index == 0) {
      update(0, [](const seen_value&) { return seen_value(11); });
      erase(0);
      static_cast<void>(core->flush(own()));
      return;
    }
    for (int i = 0; i < 2; ++i) {
      const auto value = find(0);
      RL_ASSERT(!value.has_value() || value->number.get() == 10 || value->number.get() == 11);
    }
  }
};

struct same_inserts : table_model<same_inserts, 3, narrow> {
  std::array<bool, 3> won{};
  void thread(unsigned index) { won[index] = insert(0, std::uint64_t{index}); }
  void after() {
    int winners = 0;
    for (std::size_t i = 0; i < won.size(); ++i) {
      winners += won[i] ? 1 : 0;
      if (won[i]) RL_ASSERT(left(0) == std::optional<std::uint64_t>(i));
    }
    RL_ASSERT(winners == 1);
    table_model::after();
  }
};

/// Keys that are there throughout are found, wherever they are.
struct read_and_split : table_model<read_and_split, 2, narrow> {
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{10});
    prepare(2, std::uint64_t{12});
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
      return;
    }
    for (int i = 0; i < 2; ++i) {
      RL_ASSERT(find(2) == std::optional<std::uint64_t>(12));
      RL_ASSERT(find(0) == std::optional<std::uint64_t>(10));
      RL_ASSERT(!find(6).has_value());
    }
  }
};

/// Two doublings: 2 from 0, 3 from 1, 4 from 0.
struct read_and_splits : table_model<read_and_splits, 2, narrow> {
  void before() {
    table_model::before();
    prepare(2, std::uint64_t{12});
    prepare(4, std::uint64_t{14});
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
      split();
      split();
      return;
    }
    for (int i = 0; i < 3; ++i) {
      RL_ASSERT(find(4) == std::optional<std::uint64_t>(14));
      RL_ASSERT(find(2) == std::optional<std::uint64_t>(12));
    }
  }
};

/// Two split, two insert into what is being split.
struct insert_and_split : table_model<insert_and_split, 3, narrow> {
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{10});
    prepare(2, std::uint64_t{12});
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
    } else if (index == 1) {
      RL_ASSERT(insert(4, std::uint64_t{14}));
      RL_ASSERT(find(4) == std::optional<std::uint64_t>(14));
      split();
    } else {
      RL_ASSERT(erase(2));
      RL_ASSERT(!find(2).has_value());
      RL_ASSERT(insert(6, std::uint64_t{16}));
    }
  }
  void after() {
    RL_ASSERT(left(0) == std::optional<std::uint64_t>(10));
    RL_ASSERT(!left(2).has_value());
    RL_ASSERT(left(4) == std::optional<std::uint64_t>(14));
    RL_ASSERT(left(6) == std::optional<std::uint64_t>(16));
    table_model::after();
  }
};

/// Who is sent to a child by a state that another thread has stored since finds in it what the split has put there.
struct change_and_split : table_model<change_and_split, 3, narrow> {
  void before() {
    table_model::before();
    split();  // the memory of the next child is there then
    prepare(1, std::uint64_t{11});
    prepare(3, std::uint64_t{13});
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
    } else if (index == 1) {
      RL_ASSERT(insert(5, std::uint64_t{15}));
    } else {
      RL_ASSERT(find(3) == std::optional<std::uint64_t>(13));
      RL_ASSERT(find(1) == std::optional<std::uint64_t>(11));
    }
  }
};

/// What one has erased nobody finds who comes later.
struct erase_and_split : table_model<erase_and_split, 3, narrow> {
  std::optional<atomic<bool>> erased;
  void before() {
    table_model::before();
    prepare(2, std::uint64_t{12});
    erased.emplace(false);
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
    } else if (index == 1) {
      RL_ASSERT(erase(2));
      erased->store(true, release);
    } else {
      const bool before = erased->load(acquire);
      const bool found = find(2).has_value();
      RL_ASSERT(!before || !found);
      RL_ASSERT(found || !find(2).has_value());
    }
  }
  void after() {
    erased.reset();
    table_model::after();
  }
};

/// Nobody is in a root any more when it goes, also who was splitting.
struct split_and_clear : table_model<split_and_clear, 3, narrow> {
  std::optional<atomic<root_object*>> current;
  void before() {
    table_model::before();
    prepare(2, std::uint64_t{12});
    current.emplace(root);
  }
  void thread(unsigned index) {
    if (index == 0) {
      {
        const guard inside(*this);
        root_object* const gone = current->exchange(nullptr, acq_rel);
        retire(gone);
      }
      static_cast<void>(core->flush(own()));
      return;
    }
    const guard inside(*this);
    root_object* const found = current->load(acquire);
    if (found == nullptr) return;
    found->life.check();
    if (index == 1) {
      split_in(found->table);
    } else {
      RL_ASSERT(find_in(found->table, own(), 2) == std::optional<std::uint64_t>(12));
    }
    found->life.check();
  }
  void after() {
    current.reset();
    root = nullptr;
    table_model::after();
  }
};

/// Keys that are there throughout are copied exactly once.
struct copy_and_split : table_model<copy_and_split, 2, narrow> {
  void before() {
    table_model::before();
    for (const std::uint64_t key : {0U, 2U, 4U}) prepare(key, key);
  }
  void thread(unsigned index) {
    if (index == 0) {
      split();
      split();
      split();
      return;
    }
    for (int i = 0; i < 2; ++i) {
      const auto times = seen();
      RL_ASSERT(times[0] == 1 && times[2] == 1 && times[4] == 1);
    }
  }
};

/// An element that leaves and comes back in another slot is not copied twice.
struct copy_and_return : table_model<copy_and_return, 2, nodes> {
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{10});
    prepare(2, std::uint64_t{12});
    prepare(8, std::uint64_t{18});
  }
  void thread(unsigned index) {
    if (index == 0) {
      erase(2);
      erase(0);
      insert(4, std::uint64_t{14});
      insert(0, std::uint64_t{20});
      return;
    }
    const auto times = seen();
    RL_ASSERT(times[8] == 1 && times[0] <= 1 && times[2] <= 1 && times[4] <= 1);
  }
};

/// A chain that loses its overflow bucket, which then comes back with other contents.
struct overflow_used_again : table_model<overflow_used_again, 2, narrow> {
  static constexpr std::uint64_t last = 14;
  void before() {
    table_model::before();
    for (std::uint64_t key = 0; key <= last; key += 2) prepare(key, key + 10);
  }
  void thread(unsigned index) {
    if (index == 0) {
      erase(0);
      insert(16, std::uint64_t{26});
      return;
    }
    RL_ASSERT(find(last) == std::optional<std::uint64_t>(last + 10));
    RL_ASSERT(find(last - 2) == std::optional<std::uint64_t>(last + 8));
    const auto added = find(16);
    RL_ASSERT(!added.has_value() || *added == 26);
  }
};

/// A node that a thread holds outlives the thread's stay inside, and is destroyed once, by it or by who reclaims.
struct held_node : table_model<held_node, 2, nodes> {
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{1});
  }
  void thread(unsigned index) {
    if (index == 1) {
      RL_ASSERT(erase(0));
      static_cast<void>(this->core->flush(this->own()));
      return;
    }
    slot_value kept = nullptr;
    {
      const guard inside(*this);
      chain_reader<nodes, allocator>(root->table, this->own()).find(0, same(0), [&](slot_value found) {
        nodes::hold(found);
        kept = found;
      });
    }
    if (kept == nullptr) return;
    RL_ASSERT(nodes::hash_of(identity(), kept) == 0 && nodes::value(kept) == 1);
    if (nodes::let_go(kept)) nodes::destroy(allocator(), kept);
  }
};

/// Who finds a bucket locked sleeps, and wakes.
struct lock_and_sleep : table_model<lock_and_sleep, 3, narrow> {
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{0});
  }
  void thread(unsigned) {
    update(0, [](std::uint64_t value) { return value + 1; });
    update(0, [](std::uint64_t value) { return value + 1; });
  }
  void after() {
    RL_ASSERT(left(0) == std::optional<std::uint64_t>(6));
    table_model::after();
  }
};

// model, interleavings.
constexpr evac_model::named_model models[] = {
    // clang-format off
    EVAC_MODEL(overwrite, 20'000),
    EVAC_MODEL(slot_again, 20'000),
    EVAC_MODEL(node_slot_again, 20'000),
    EVAC_MODEL(node_contents, 20'000),
    EVAC_MODEL(same_inserts, 20'000),
    EVAC_MODEL(read_and_split, 20'000),
    EVAC_MODEL(read_and_splits, 20'000),
    EVAC_MODEL(insert_and_split, 20'000),
    EVAC_MODEL(change_and_split, 20'000),
    EVAC_MODEL(erase_and_split, 20'000),
    EVAC_MODEL(split_and_clear, 20'000),
    EVAC_MODEL(copy_and_split, 20'000),
    EVAC_MODEL(copy_and_return, 20'000),
    EVAC_MODEL(overflow_used_again, 20'000),
    EVAC_MODEL(lock_and_sleep, 20'000),
    EVAC_MODEL(held_node, 20'000),
    // clang-format on
};

// bug, the model that must find it, what it must find
constexpr evac_model::named_bug<bug> bugs[] = {
    // clang-format off
    EVAC_MODEL_BUG(no_validation, overwrite, USER ASSERT FAILED),
    EVAC_MODEL_BUG(no_comparison_of_homes, read_and_split, USER ASSERT FAILED),
    EVAC_MODEL_BUG(tag_before_slot, node_slot_again, USER ASSERT FAILED),
    EVAC_MODEL_BUG(nobody_says_changing, overwrite, USER ASSERT FAILED),
    EVAC_MODEL_BUG(losers_keep_version, copy_and_return, USER ASSERT FAILED),
    EVAC_MODEL_BUG(child_before_tags, copy_and_split, USER ASSERT FAILED),
    EVAC_MODEL_BUG(unlocking_is_a_store, lock_and_sleep, DEADLOCK),
    EVAC_MODEL_BUG(words_are_loaded_relaxed, overwrite, USER ASSERT FAILED),
    EVAC_MODEL_BUG(words_are_stored_relaxed, overwrite, USER ASSERT FAILED),
    EVAC_MODEL_BUG(nodes_are_loaded_relaxed, node_contents, DATA RACE),
    EVAC_MODEL_BUG(nodes_are_stored_relaxed, node_contents, DATA RACE),
    EVAC_MODEL_BUG(locking_is_relaxed, lock_and_sleep, USER ASSERT FAILED),
    EVAC_MODEL_BUG(changing_is_relaxed, change_and_split, ACCESS TO UNINITIALIZED VARIABLE),
    // clang-format on
};
static_assert(std::size(bugs) == evac_model::table_bugs, "each bug has a line here");

}  // namespace

int main(int argc, char** argv) {
  evac_model::lingering = true;
  return evac_model::run_models("evac_model_sync_map", models, bugs, evac_model::sync_planted, argc, argv);
}
