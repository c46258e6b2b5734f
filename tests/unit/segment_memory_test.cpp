// Memory for segments: which blocks are mappings, and of which pages the system makes them.
#include <cstddef>
#include <cstdint>
#include <evac/detail/geometry/segment_memory.hpp>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "support/catch.hpp"

using namespace evac::detail;

namespace {

struct lines {
  static constexpr std::size_t alignment() noexcept { return cache_line; }
};
using memory = segment_memory<std::allocator<int>, lines>;

struct block {
  explicit block(std::size_t size) : bytes(size), begin(memory::allocate({}, size)) {}
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  ~block() { memory::deallocate({}, begin, bytes); }

  std::size_t bytes;
  void* begin;
};

/// The entry of /proc/self/smaps that an address lies in.
struct mapping {
  std::string title;
  std::string flags;
  std::size_t resident = 0;

  explicit mapping(const void* address) {
    std::ifstream smaps("/proc/self/smaps");
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    bool inside = false;
    for (std::string text; std::getline(smaps, text);) {
      std::istringstream fields(text);
      std::uintptr_t from = 0;
      std::uintptr_t to = 0;
      char dash = 0;
      if (fields >> std::hex >> from >> dash >> to && dash == '-') {
        inside = from <= wanted && wanted < to;
        if (inside) title = text;
      } else if (inside && text.rfind("Rss:", 0) == 0) {
        resident = std::stoul(text.substr(4)) * 1024;
      } else if (inside && text.rfind("VmFlags:", 0) == 0) {
        flags = text + " ";
      }
    }
  }
  [[nodiscard]] bool prefers_huge_pages() const { return flags.find(" hg ") != std::string::npos; }
};

bool system_names_mappings() {
  void* const scratch = map_pages(page);
  name_pages(scratch, page, "evac: a test");
  const bool named = mapping(scratch).title.find("[anon:evac: a test]") != std::string::npos;
  unmap_pages(scratch, page);
  return named;
}
bool system_has_huge_pages() { return std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled").good(); }

}  // namespace

TEST_CASE("large blocks of the standard allocator are mappings of zeros, aligned to huge pages") {
  REQUIRE_FALSE(memory::is_mapped(mapping_threshold - 1));
  if (!memory::is_mapped(mapping_threshold)) {
    WARN("this build maps nothing: skipped");
    return;
  }
  const block mapped(mapping_threshold);
  REQUIRE(reinterpret_cast<std::uintptr_t>(mapped.begin) % huge_page == 0);
  const auto* const bytes = static_cast<const unsigned char*>(mapped.begin);
  for (std::size_t at = 0; at < mapped.bytes; at += page / 2) REQUIRE(bytes[at] == 0);
}

TEST_CASE("populating a block brings the pages asked for, or the huge pages that they lie in") {
  if (!memory::is_mapped(huge_from)) {
    WARN("this build maps nothing: skipped");
    return;
  }
  const block mapped(huge_from);
  REQUIRE(mapping(mapped.begin).resident == 0);
  memory::populate(mapped.begin, 0, populated_at_once);
  static_cast<unsigned char*>(mapped.begin)[0] = 1;  // also where the system does not know how to populate
  const std::size_t resident = mapping(mapped.begin).resident;
  REQUIRE(resident > 0);
  REQUIRE(resident <= huge_page);
  memory::discard(mapped.begin, 0, huge_page);
  REQUIRE(mapping(mapped.begin).resident == 0);
  REQUIRE(static_cast<unsigned char*>(mapped.begin)[0] == 0);
}

TEST_CASE("blocks of several huge pages are made of them, smaller ones only when asked") {
  if (!memory::is_mapped(huge_from) || EVAC_ABI_HUGE_PAGES == 0 || !system_has_huge_pages()) {
    WARN("no huge pages here: skipped");
    return;
  }
  const block large(huge_from);
  REQUIRE(mapping(large.begin).prefers_huge_pages());
  const block small(huge_from - page);
  REQUIRE_FALSE(mapping(small.begin).prefers_huge_pages());
  memory::prefer_huge(small.begin, small.bytes);
  REQUIRE(mapping(small.begin).prefers_huge_pages());
}

TEST_CASE("mappings bear a name that smaps shows") {
  if (!memory::is_mapped(mapping_threshold) || !system_names_mappings()) {
    WARN("this system does not name mappings: skipped");
    return;
  }
  const block mapped(mapping_threshold);
  REQUIRE(mapping(mapped.begin).title.find("[anon:evac: table]") != std::string::npos);
}
