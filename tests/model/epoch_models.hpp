// Readers of something that is replaced again and again, and epochs that say when the old one may go. For models where
// entering is an exchange and for those where membarrier(2) does the rest.
#ifndef EVAC_TESTS_MODEL_EPOCH_MODELS_HPP
#define EVAC_TESTS_MODEL_EPOCH_MODELS_HPP

#include <optional>

#include "domain_model.hpp"

namespace evac_model {

template <class Model, rl::thread_id_t Threads>
struct epoch_model : domain_model<Model, Threads> {
  using base = domain_model<Model, Threads>;
  std::optional<atomic<watched*>> current;

  void before() {
    base::before();
    current.emplace(new watched);
  }
  void after() {
    delete current->load(relaxed);
    current.reset();
    base::after();
  }
  void read() {
    const typename base::guard inside(*this);
    watched* const found = current->load(acquire);
    found->check();
    stay();
    found->check();
  }
  /// For as long as others may need for all that they do.
  static void stay() {
    for (unsigned steps = rl::rand(2) == 0 ? 1 : rl::rand(250); steps != 0; --steps) rl::ctx().sched();
  }
  void replace() {
    const typename base::guard inside(*this);
    this->retire(current->exchange(new watched, acq_rel));
  }
  void flush() { static_cast<void>(this->core->flush(this->own())); }
};

struct reader_and_writer : epoch_model<reader_and_writer, 2> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
      read();
    } else {
      replace();
      flush();
      replace();
      flush();
    }
  }
};

/// Garbage of one is reclaimed by another, who has not seen it being unlinked.
struct writer_and_flusher : epoch_model<writer_and_flusher, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
    } else if (index == 1) {
      replace();
    } else {
      flush();
      flush();
    }
  }
};

struct writers_and_reader : epoch_model<writers_and_reader, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      read();
      read();
    } else {
      replace();
      flush();
    }
  }
};

/// The epoch goes on before garbage is stamped.
struct writer_and_advancer : epoch_model<writer_and_advancer, 3> {
  void thread(unsigned index) {
    if (index == 0) {
      stay();
      read();
    } else if (index == 1) {
      stay();
      replace();
      flush();
    } else {
      static_cast<void>(core->clock().try_advance());
    }
  }
};

/// A reader adds its record to the list while the epoch goes on.
struct new_record : epoch_model<new_record, 2> {
  void before() {
    epoch_model::before();
    // A record that was given back would be found without a look at the head of the list.
    fresh = nullptr;
  }
  void thread(unsigned index) {
    if (index == 0) {
      epoch_core& in = *core;
      fresh = in.take_record(3);
      in.enter(*fresh);
      current->load(acquire)->check();
      static_cast<void>(epoch_clock::leave(*fresh));
    } else {
      replace();
      flush();
    }
  }
  void after() {
    core->give_back(fresh);
    epoch_model::after();
  }
  epoch_record* fresh = nullptr;
};

}  // namespace evac_model

#endif
