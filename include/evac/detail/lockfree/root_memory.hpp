// How the roots of a sync_map are made, and what becomes of roots and nodes that are taken away: piece by piece, with
// the allocator that they came from.
#ifndef EVAC_DETAIL_LOCKFREE_ROOT_MEMORY_HPP
#define EVAC_DETAIL_LOCKFREE_ROOT_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/garbage.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class root_memory {
 public:
  using root_type = sync_root<Storage, Allocator>;
  using held = typename Storage::held;

  /// Throws std::bad_alloc, where the allocator has a state that must outlive the map.
  explicit root_memory(const Allocator& allocator)
      : shared_(allocators_are_alike ? nullptr : new shared_allocator(allocator)) {}
  root_memory(const root_memory&) = delete;
  root_memory& operator=(const root_memory&) = delete;
  ~root_memory() {
    if (shared_ != nullptr) shared_->drop_reference();
  }

  /// Throws what the allocator and the root's constructor throw.
  [[nodiscard]] static root_type* make(const Allocator& allocator, std::size_t homes, std::uint64_t serial) {
    root_allocator roots(allocator);
    auto block = root_traits::allocate(roots, 1);
    EVAC_TRY { return ::new (static_cast<void*>(std::to_address(block))) root_type(allocator, homes, serial); }
    EVAC_CATCH_ALL {
      root_traits::deallocate(roots, block, 1);
      EVAC_RETHROW;
    }
  }
  /// Its elements are gone, and nobody is in it.
  static void destroy(root_type* root) noexcept {
    root_allocator roots(root->allocator());
    std::destroy_at(root);
    root_traits::deallocate(roots, std::pointer_traits<typename root_traits::pointer>::pointer_to(*root), 1);
  }
  /// Of the next homes of a root in which nobody is any more; false if there are none.
  static bool free_elements(root_type& root, std::size_t homes) noexcept {
    using chain_type = typename root_type::chain_type;
    if constexpr (Storage::in_nodes) {
      return root.free_homes(homes, [&](auto& home) {
        chain_type::for_each_of(home, [&](auto at, tag_t) { Storage::destroy(root.allocator(), chain_type::at(at)); });
      });
    } else {
      return false;
    }
  }

  /// For who retires them.
  [[nodiscard]] retired_object gone(held node, std::size_t bytes) noexcept
    requires Storage::in_nodes
  {
    return {node, keep(), reclaim_node, bytes};
  }
  [[nodiscard]] retired_object gone(root_type* root, std::size_t bytes) noexcept {
    return {root, keep(), reclaim_root, bytes};
  }

 private:
  using root_traits = typename std::allocator_traits<Allocator>::template rebind_traits<root_type>;
  using root_allocator = typename root_traits::allocator_type;
  static constexpr bool allocators_are_alike =
      std::allocator_traits<Allocator>::is_always_equal::value && std::is_default_constructible_v<Allocator>;

  // Keeps an allocator alive until the last of its nodes is gone, which may be after the map.
  class shared_allocator {
   public:
    explicit shared_allocator(const Allocator& allocator) : allocator_(allocator) {}
    [[nodiscard]] const Allocator& get() const noexcept { return allocator_; }
    void add_reference() noexcept { references_.fetch_add(1, relaxed); }  // relaxed: the caller has one
    void drop_reference() noexcept {
      // acq_rel: what each has done with the allocator before, the last one sees
      if (references_.fetch_sub(1, acq_rel) == 1) delete this;
    }

   private:
    ~shared_allocator() = default;
    Allocator allocator_;
    atomic<std::size_t> references_{1};
  };

  // The context of something that is taken away.
  [[nodiscard]] void* keep() noexcept {
    if (shared_ != nullptr) shared_->add_reference();
    return shared_;
  }
  template <class F>
  static void with_allocator(void* context, const F& f) noexcept {
    if constexpr (allocators_are_alike) {
      f(Allocator());
    } else {
      auto* const shared = static_cast<shared_allocator*>(context);
      f(shared->get());
      shared->drop_reference();
    }
  }
  static bool reclaim_node(void* object, void* context) noexcept {
    with_allocator(context,
                   [&](const Allocator& allocator) { Storage::destroy(allocator, static_cast<held>(object)); });
    return true;
  }
  // A step: so many homes' nodes, or a piece of the memory.
  static bool reclaim_root(void* object, void* context) noexcept {
    auto* const root = static_cast<root_type*>(object);
    constexpr std::size_t homes_at_once = 256;
    if (free_elements(*root, homes_at_once)) return false;
    if (root->discard_piece()) return false;
    with_allocator(context, [&](const Allocator&) { destroy(root); });
    return true;
  }

  shared_allocator* shared_;  // null where allocators are all alike
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
