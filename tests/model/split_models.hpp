// Models of readers and writers of a table that other threads split.
#ifndef EVAC_TESTS_MODEL_SPLIT_MODELS_HPP
#define EVAC_TESTS_MODEL_SPLIT_MODELS_HPP

#include <cstdint>
#include <optional>

#include "table_model.hpp"

namespace evac_model {

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

/// A reader that is sent to a child by a state that another thread has stored since finds there the elements that the
/// split has moved.
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

/// A key that one thread has erased is found by no thread that comes later.
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

/// No thread is in a root any more when it goes, not even one that was splitting.
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

}  // namespace evac_model

#endif
