// relacy's rule for release sequences, made that of C++20: a read-modify-write continues one, and nothing else does.
// relacy goes by C++11, and lets any later store of the thread that began a sequence continue it; of that thread or, by
// a chain of read-modify-writes in between, of another one whose own the last of them was. A value that was handed on
// by such a store looks as if everything behind it came along.
//
// Each model has two to four threads, and relacy a class of threads for each number: the members below stand in for its
// own, which they call after they have made it forget whose the value is that is overwritten.
#ifndef EVAC_TESTS_MODEL_RELEASE_SEQUENCES_HPP
#define EVAC_TESTS_MODEL_RELEASE_SEQUENCES_HPP

#include <relacy/relacy.hpp>

namespace evac_model {

/// While it lives, the newest value of an atomic is nobody's.
template <rl::thread_id_t Threads>
class nobodys_value {
 public:
  explicit nobodys_value(rl::atomic_data* of) : whose_(newest(*static_cast<rl::atomic_data_impl<Threads>*>(of))) {
    whose_ = -1;
  }
  nobodys_value(const nobodys_value&) = delete;
  nobodys_value& operator=(const nobodys_value&) = delete;
  ~nobodys_value() { whose_ = before_; }

 private:
  [[nodiscard]] static rl::thread_id_t& newest(rl::atomic_data_impl<Threads>& of) {
    return of.history_[of.current_index_ % rl::atomic_history_size].thread_id_;
  }

  rl::thread_id_t& whose_;
  const rl::thread_id_t before_ = whose_;
};

}  // namespace evac_model

#define EVAC_MODEL_STORES_BEGIN_ANEW(threads)                                           \
  template <>                                                                           \
  inline unsigned rl::thread_info<threads>::atomic_store_relaxed(rl::atomic_data* to) { \
    const evac_model::nobodys_value<threads> overwritten(to);                           \
    return atomic_store<rl::mo_relaxed, false>(to);                                     \
  }                                                                                     \
  template <>                                                                           \
  inline unsigned rl::thread_info<threads>::atomic_store_release(rl::atomic_data* to) { \
    const evac_model::nobodys_value<threads> overwritten(to);                           \
    return atomic_store<rl::mo_release, false>(to);                                     \
  }                                                                                     \
  template <>                                                                           \
  inline unsigned rl::thread_info<threads>::atomic_store_seq_cst(rl::atomic_data* to) { \
    const evac_model::nobodys_value<threads> overwritten(to);                           \
    return atomic_store<rl::mo_seq_cst, false>(to);                                     \
  }
EVAC_MODEL_STORES_BEGIN_ANEW(2)
EVAC_MODEL_STORES_BEGIN_ANEW(3)
EVAC_MODEL_STORES_BEGIN_ANEW(4)
#undef EVAC_MODEL_STORES_BEGIN_ANEW

#endif
