// Facts for debuggers that no type in the debug information tells: tools/gdb/evac.py reads them from memory.
//
// Debug information has the fields of every class, and evac.py goes by their names. It does not have results of
// constexpr functions, such as where a slot lies, and it does not say what a field means. So each layout of slots has
// an object with these numbers, kept in the binary although no code reads it, and one version stands for all meanings.
#ifndef EVAC_DETAIL_DEBUGGER_HPP
#define EVAC_DETAIL_DEBUGGER_HPP

#include <cstddef>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

/// To be raised by a change of anything that evac.py's class `Layout` describes: bits of words, what a directory's
/// entry is, in which order homes are made, which slot holds a link. evac.py refuses versions that it does not know.
inline constexpr std::uint32_t debugger_version = 1;

/// The version for a program that has no layout of slots: one with locks and domains only.
[[gnu::__used__, gnu::__retain__, gnu::__visibility__("hidden")]] inline constexpr std::uint32_t debugger_facts =
    debugger_version;

/// Numbers of one layout of slots. Sizes are in bytes.
struct slot_facts {
  std::uint32_t version;
  std::uint32_t in_nodes;  // 1: a slot holds the address of its element
  std::uint32_t slot_bytes;
  std::uint32_t slots_offset;  // of the first slot in its bucket
  std::uint32_t home_slots;
  std::uint32_t home_bytes;
  std::uint32_t overflow_slots;
  std::uint32_t overflow_bytes;
};

/// Of a layout that is complete.
template <class Layout>
[[nodiscard]] constexpr slot_facts facts_of(bool in_nodes, std::size_t slot_bytes, std::size_t slots_offset) noexcept {
  return {.version = debugger_version,
          .in_nodes = in_nodes ? 1U : 0U,
          .slot_bytes = static_cast<std::uint32_t>(slot_bytes),
          .slots_offset = static_cast<std::uint32_t>(slots_offset),
          .home_slots = Layout::home_slots(),
          .home_bytes = static_cast<std::uint32_t>(Layout::home_bytes()),
          .overflow_slots = Layout::overflow_slots(),
          .overflow_bytes = static_cast<std::uint32_t>(Layout::overflow_bytes())};
}

}  // namespace evac::inline EVAC_ABI::detail

#endif
