// Memory that is not atomic, as models use it in place of rl::var: another thread may come in before each access.
// relacy's own lets none in between an access and the atomic operation before it, so that what is freed or changed just
// then is never seen.
#ifndef EVAC_TESTS_MODEL_PLAIN_HPP
#define EVAC_TESTS_MODEL_PLAIN_HPP

#include <relacy/relacy.hpp>

namespace evac_model {

template <class T>
class plain {
 public:
  /// Not an access: nobody knows the object yet.
  explicit plain(T initial = T{}) : value_(initial) {}
  plain(const plain& other) : value_(other.get()) {}
  plain& operator=(const plain& other) {
    set(other.get());
    return *this;
  }
  ~plain() = default;

  [[nodiscard]] T get() const {
    rl::ctx().sched();
    return value_(RL_INFO);
  }
  void set(T value) {
    rl::ctx().sched();
    value_(RL_INFO) = value;
  }

 private:
  rl::var<T> value_;
};

}  // namespace evac_model

#endif
