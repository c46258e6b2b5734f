// Models of rw_lock: what all have in common, and those of a lock whose bias stands. Included after the shadow
// atomic.hpp and rw_lock.hpp.
#ifndef EVAC_TESTS_MODEL_RW_LOCK_MODELS_HPP
#define EVAC_TESTS_MODEL_RW_LOCK_MODELS_HPP

#include <optional>

#include "bugs.hpp"
#include "plain.hpp"

namespace evac_model {

using readers = evac::detail::visible_readers;

/// A lock and two words that always change together.
template <class Model, rl::thread_id_t Threads>
struct model : rl::test_suite<Model, Threads> {
  static_assert(Threads <= most_threads);

  std::optional<evac::rw_lock> lock;
  plain<int> first{0};
  plain<int> second{0};

  void before() {
    bias_may_stand = false;
    readers::begin();
    lock.emplace();
  }
  void after() {
    lock.reset();
    readers::end();
  }

  void change() {
    first.set(first.get() + 1);
    second.set(second.get() + 1);
  }
  void check() { RL_ASSERT(first.get() == second.get()); }
  void check_changes(int expected) {
    check();
    RL_ASSERT(first.get() == expected);
  }

  void write() {
    lock->lock();
    change();
    lock->unlock();
  }
  bool try_write() {
    if (!lock->try_lock()) return false;
    change();
    lock->unlock();
    return true;
  }
  void read() {
    lock->lock_shared();
    check();
    lock->unlock_shared();
  }
  /// Enters by one shared object and leaves by another.
  void read_across(unsigned enters, unsigned leaves) {
    readers::call_in(enters);
    lock->lock_shared();
    check();
    readers::call_in(leaves);
    lock->unlock_shared();
  }
  bool try_read() {
    if (!lock->try_lock_shared()) return false;
    check();
    lock->unlock_shared();
    return true;
  }
  /// One read is enough for the constants of the model.
  void make_biased() {
    read();
    RL_ASSERT(lock->is_biased());
  }
  /// Of a biased lock.
  void let_it_stand() {
    write();
    bias_may_stand = true;
    while (!lock->bias_stands()) read();
  }
};

/// A bias that stands at first becomes one that is revoked, is taken away and comes back, in any order.
template <class Model, template <class, rl::thread_id_t> class Base>
struct changing_bias : Base<Model, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      this->write();
      this->write();
      this->write();
    } else {
      this->read();
      this->read();
    }
  }
};

/// A lock whose bias stands while writers come and go; readers may end that by making it an ordinary one, and writers
/// by taking it away.
template <class Model, rl::thread_id_t Threads>
struct standing_model : model<Model, Threads> {
  void before() {
    model<Model, Threads>::before();
    this->make_biased();
    this->let_it_stand();
  }
};

namespace standing {

/// The smallest case of announcing against a writer that leaves the bias as it is.
struct standing_announcement : standing_model<standing_announcement, 2> {
  void thread(unsigned index) {
    if (index == 1) {
      write();
    } else {
      read();
    }
  }
};

struct standing_readers_and_writer : changing_bias<standing_readers_and_writer, standing_model> {};

struct standing_reader_and_writers : standing_model<standing_reader_and_writers, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
      if (try_read()) read();
    } else {
      if (!try_write()) write();
      write();
    }
  }
};

/// Readers by two shared objects, of which one may make the bias that stands in the registry of the other an ordinary
/// one.
struct standing_elsewhere : standing_model<standing_elsewhere, 3> {
  void before() {
    standing_model::before();
    for (int reads = 0; reads < 4; ++reads) read();  // of which some counts: it takes two to end the bias
  }
  void thread(unsigned index) {
    if (index == 0) {
      write();
    } else {
      read_across(index - 1, 2 - index);
      readers::call_in(index - 1);
      read();
    }
  }
};

}  // namespace standing
}  // namespace evac_model

#endif
