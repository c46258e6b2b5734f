// Memory of roots, and the end of roots and nodes that are taken away: piece by piece, with the allocator that they came
// from; or at once, when their map is destroyed.
//
// The context of a retired object tells whose it is and what it is: an address that is the map's own, and a mark in its
// low bits.
#ifndef EVAC_DETAIL_LOCKFREE_ROOT_MEMORY_HPP
#define EVAC_DETAIL_LOCKFREE_ROOT_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "evac/detail/config.hpp"
#include "evac/detail/lockfree/root.hpp"
#include "evac/detail/sync/atomic.hpp"
#include "evac/detail/sync/epoch_core.hpp"
#include "evac/detail/sync/garbage.hpp"

namespace evac::inline EVAC_ABI::detail {

template <class Storage, class Allocator>
class root_memory {
 public:
  using root_type = sync_root<Storage, Allocator>;
  using held = typename Storage::held;

  /// Throws std::bad_alloc, where the allocator has a state that must outlive the map.
  explicit root_memory(const Allocator& allocator)
      : own_(allocators_are_alike ? 0 : reinterpret_cast<std::uintptr_t>(new shared_allocator(allocator))) {}
  root_memory(const root_memory&) = delete;
  root_memory& operator=(const root_memory&) = delete;
  ~root_memory() { drop_one(); }

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
  /// Of the next homes of a root in which nobody is any more; false if there are none. While the map lives, an update()
  /// that is outside of the domain may hold a node.
  template <bool MapLives>
  static bool free_elements(root_type& root, std::size_t homes) noexcept {
    using chain_type = typename root_type::chain_type;
    if constexpr (Storage::in_nodes) {
      return root.free_homes(homes, [&](auto& home) {
        chain_type::for_each_of(home, [&](auto at, tag_t) {
          const held element = chain_type::at(at);
          if (!MapLives || Storage::give_up(element)) Storage::destroy(root.allocator(), element);
        });
      });
    } else {
      return false;
    }
  }

  /// For the thread that retires them.
  [[nodiscard]] retired_object as_retired(held node, std::size_t bytes) noexcept
    requires Storage::in_nodes
  {
    return {node, share_allocator(node_mark), reclaim_node, bytes};
  }
  [[nodiscard]] retired_object as_retired(root_type* root, std::size_t bytes) noexcept {
    return {root, share_allocator(root_mark), reclaim_root, bytes};
  }
  /// Destroys what was retired and still waits, but for what a thread is reclaiming at this moment. Nobody is inside
  /// the map, or can come. O(garbage of the domain) if anything was retired.
  void reclaim_retired(epoch_core& core, const Allocator& allocator) noexcept {
    if ((own_.load(relaxed) & has_retired) == 0) return;  // relaxed: nobody else is left
    retired_list all(*this);
    core.extract(all);
    all.destroy(allocator);
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

  static constexpr std::uintptr_t node_mark = 1;
  static constexpr std::uintptr_t root_mark = 2;
  static constexpr std::uintptr_t marks = 3;
  static_assert(alignof(shared_allocator) > marks);
  static constexpr std::uintptr_t has_retired = 1;  // in own_

  // Null where allocators are all alike.
  [[nodiscard]] shared_allocator* shared() const noexcept {
    if constexpr (allocators_are_alike) return nullptr;
    return reinterpret_cast<shared_allocator*>(own_.load(relaxed) & ~marks);  // relaxed: written by the constructor
  }

  // Nobody else has this address as long as the map lives, or something of it waits to be reclaimed.
  [[nodiscard]] void* context(std::uintptr_t mark) const noexcept {
    static_assert(alignof(root_memory) > marks);
    const void* const own = allocators_are_alike ? static_cast<const void*>(this) : shared();
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(own) | mark);
  }
  // The context of something that is taken away, which keeps the allocator alive.
  [[nodiscard]] void* share_allocator(std::uintptr_t mark) noexcept {
    if constexpr (!allocators_are_alike) shared()->add_reference();
    // relaxed, both: the thread that destroys the map has synchronised with all that have used it
    if ((own_.load(relaxed) & has_retired) == 0) own_.fetch_or(has_retired, relaxed);
    return context(mark);
  }
  void drop_one() noexcept {
    if constexpr (!allocators_are_alike) shared()->drop_reference();
  }

  // Objects that were taken out of the garbage. Linked through words that nobody will read any more: there may be no
  // memory.
  class retired_list {
   public:
    explicit retired_list(root_memory& memory) noexcept : memory_(memory) {}
    [[nodiscard]] bool owns(const retired_object& object) const noexcept {
      return object.context == node_context_ || object.context == root_context_;
    }
    void take(const retired_object& object) noexcept {
      if constexpr (Storage::in_nodes) {
        if (object.context == node_context_) {
          auto* const node = static_cast<held>(object.object);
          node->hash.store(reinterpret_cast<std::uintptr_t>(nodes_),
                           relaxed);  // relaxed, and below: nobody else is left
          nodes_ = node;
          return;
        }
      }
      auto* const root = static_cast<root_type*>(object.object);
      root->next_retired = roots_;
      roots_ = root;
    }
    void destroy(const Allocator& allocator) noexcept {
      if constexpr (Storage::in_nodes) {
        while (nodes_ != nullptr) {
          const held node = static_cast<held>(nodes_);
          nodes_ = reinterpret_cast<void*>(node->hash.load(relaxed));
          Storage::destroy(allocator, node);
          memory_.drop_one();
        }
      }
      while (roots_ != nullptr) {
        root_type* const root = std::exchange(roots_, roots_->next_retired);
        free_elements<false>(*root, root->claimed());
        root_memory::destroy(root);
        memory_.drop_one();
      }
    }

   private:
    root_memory& memory_;
    const void* const node_context_ = memory_.context(node_mark);
    const void* const root_context_ = memory_.context(root_mark);
    void* nodes_ = nullptr;
    root_type* roots_ = nullptr;
  };

  template <class F>
  static void with_allocator(void* context, const F& f) noexcept {
    if constexpr (allocators_are_alike) {
      f(Allocator());
    } else {
      auto* const shared = reinterpret_cast<shared_allocator*>(reinterpret_cast<std::uintptr_t>(context) & ~marks);
      f(shared->get());
      shared->drop_reference();
    }
  }
  static bool reclaim_node(void* object, void* context) noexcept {
    with_allocator(context, [&](const Allocator& allocator) {
      if (Storage::give_up(static_cast<held>(object))) Storage::destroy(allocator, static_cast<held>(object));
    });
    return true;
  }
  // A step: so many homes' nodes, or a piece of the memory.
  static bool reclaim_root(void* object, void* context) noexcept {
    auto* const root = static_cast<root_type*>(object);
    constexpr std::size_t homes_at_once = 256;
    if (free_elements<true>(*root, homes_at_once)) return false;
    if (root->discard_piece()) return false;
    with_allocator(context, [&](const Allocator&) { destroy(root); });
    return true;
  }

  // The address of the allocator that garbage keeps alive, and whether anything was retired; by the thread that first
  // retires something.
  atomic<std::uintptr_t> own_;
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
