// A domain and its threads under relacy. Included after the shadow atomic.hpp, which brings relacy.
#ifndef EVAC_TESTS_MODEL_DOMAIN_MODEL_HPP
#define EVAC_TESTS_MODEL_DOMAIN_MODEL_HPP

#include <array>
#include <cstddef>

#include "evac/detail/sync/epoch_core.hpp"

namespace evac_model {

using namespace evac::detail;

/// Threads with a record each in a domain of their own.
template <class Model, rl::thread_id_t Threads>
struct domain_model : rl::test_suite<Model, Threads> {
  static_assert(Threads <= most_threads);

  epoch_core* core = nullptr;
  std::array<epoch_record*, Threads> records{};

  void before() {
    sleepers = {};
    words::begin();
    light_fences::begin();
    core = new epoch_core(std::size_t{1} << 20U);
    for (std::size_t i = 0; i < Threads; ++i) records[i] = core->take_record(i + 1);
  }
  void after() {
    for (epoch_record* each : records) core->give_back(each);
    core->reclaim_everything();
    core->drop_reference();
    words::end();
  }
  [[nodiscard]] epoch_record& own() { return *records[rl::thread_index()]; }

  /// As evac::epoch_domain::guard.
  class guard {
   public:
    explicit guard(domain_model& model) : own_(model.own()) { model.core->enter(own_); }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { static_cast<void>(epoch_clock::leave(own_)); }

   private:
    epoch_record& own_;
  };
  template <class T>
  void retire(T* gone) {
    core->retire(own(), {gone, nullptr,
                         [](void* object, void*) {
                           delete static_cast<T*>(object);
                           return true;
                         },
                         sizeof(T)});
  }
};

/// Its end races with whoever still reads it.
struct watched {
  plain<int> alive{1};
  watched() = default;
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { alive.set(0); }
  void check() { RL_ASSERT(alive.get() == 1); }
};

}  // namespace evac_model

#endif
