// The buckets of sync_map under relacy: see rw_lock_model.cpp for what that does and how it is run.
// The chains, roots, splits and readers are those of the library; tables begin with two homes, and keys are their own
// hashes, so that a key's lowest bits say where it goes.
#define EVAC_HAS_MEMBARRIER 0
#include "evac/detail/sync/atomic.hpp"

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>

#include "run_models.hpp"
#include "split_models.hpp"
#include "table_model.hpp"

namespace {

using bug = evac_model::sync_bug;
using namespace evac_model;

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

/// A reader that finds a node sees the contents that it was made of, and no thread frees it meanwhile.
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

template <class Model, class Storage>
struct inserts_of_one_key : table_model<Model, 3, Storage> {
  std::array<bool, 3> won{};
  void thread(unsigned index) { won[index] = this->insert(0, std::uint64_t{index}); }
  void after() {
    int winners = 0;
    for (std::size_t i = 0; i < won.size(); ++i) {
      winners += won[i] ? 1 : 0;
      if (won[i]) RL_ASSERT(this->left(0) == std::optional<std::uint64_t>(i));
    }
    RL_ASSERT(winners == 1);
    table_model<Model, 3, Storage>::after();
  }
};
struct same_inserts : inserts_of_one_key<same_inserts, narrow> {};
struct same_node_inserts : inserts_of_one_key<same_node_inserts, nodes> {};

/// Of threads that see a key and then erase it, one erases it; of one that replaces its value meanwhile nothing is
/// left.
struct same_erases : table_model<same_erases, 3, narrow> {
  std::array<bool, 2> won{};
  void before() {
    table_model::before();
    prepare(0, std::uint64_t{10});
  }
  void thread(unsigned index) {
    if (index < 2) {
      won[index] = erase(0);
    } else {
      static_cast<void>(update_if_there(0, [](std::uint64_t value) { return value + 1; }));
    }
  }
  void after() {
    RL_ASSERT(won[0] != won[1]);
    RL_ASSERT(left(0) == std::nullopt);
    table_model::after();
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

/// A node that a thread holds outlives the thread's stay inside, and is destroyed once, by it or by the thread that
/// reclaims.
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

/// A thread that finds a bucket locked sleeps, and is woken.
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
    EVAC_MODEL(same_node_inserts, 20'000),
    EVAC_MODEL(same_erases, 20'000),
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
    EVAC_MODEL_BUG(tags_are_not_compared, same_erases, USER ASSERT FAILED),
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
    EVAC_MODEL_BUG(changing_is_relaxed, change_and_split, USER ASSERT FAILED),
    // clang-format on
};
static_assert(std::size(bugs) == evac_model::table_bugs, "each bug has a line here");

}  // namespace

int main(int argc, char** argv) {
  evac_model::lingering = true;
  return evac_model::run_models("evac_model_sync_map", models, bugs, evac_model::sync_planted, argc, argv);
}
