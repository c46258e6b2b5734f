// The word of a reader-writer lock that says how its readers announce themselves, and where. Numbers only:
// basic_rw_lock.hpp says which thread may change it when.
//
//   | 0 | 0 | price ............ | quiet reads .................... |        31  30   29..15   14..0   not biased
//   | 1 | 0 | 0 ......... | registry: address / 2^20 ............. |         31  30   29..22   21..0   biased
//   | 1 | 1 | price class | registry ............................. |         31  30   29..22   21..0   the bias stands
//   | 0 | 1 | 0 ......... | registry ............................. |         31  30   29..22   21..0   revoking
//
// Two shared objects of a process may have two registries of records (reader_registry.hpp), and a thread may enter a
// lock by one and leave it by the other: so the word says in which registry the announced readers are.
//
// Reads are counted by sampling, one in sixteen by chance. The price is the number of sampled reads without a writer in
// between after which a lock is biased; 0 if it never was.
#ifndef EVAC_DETAIL_SYNC_BIAS_WORD_HPP
#define EVAC_DETAIL_SYNC_BIAS_WORD_HPP

#include <algorithm>
#include <bit>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

struct bias_word {
  static constexpr std::uint32_t biased = std::uint32_t{1} << 31U;
  static constexpr std::uint32_t revoking = std::uint32_t{1} << 30U;
  static constexpr std::uint32_t standing = biased | revoking;
  static constexpr unsigned price_class_shift = 22;
  static constexpr std::uint32_t registry = (std::uint32_t{1} << price_class_shift) - 1;
  static constexpr std::uint32_t quiet_reads = 0x7FFF;
  static constexpr unsigned price_shift = 15;
  /// The word of no lock: there is no registry 0.
  static constexpr std::uint32_t of_none = revoking;
  /// Prices are kept as powers of two while a bias stands, up to this one. What costs more has cost it by readers who
  /// stay.
  static constexpr std::uint32_t highest_price_class = 4;

  [[nodiscard]] static constexpr bool is_biased(std::uint32_t word) noexcept { return (word & standing) == biased; }
  [[nodiscard]] static constexpr bool stands(std::uint32_t word) noexcept { return word >= standing; }
  /// Biased, or the bias stands.
  [[nodiscard]] static constexpr bool lets_announce(std::uint32_t word) noexcept { return (word & biased) != 0; }
  /// The same, or until just now.
  [[nodiscard]] static constexpr bool names_registry(std::uint32_t word) noexcept { return word >= revoking; }

  // --- the same registry, but ---

  /// No new announcements.
  [[nodiscard]] static constexpr std::uint32_t revoked(std::uint32_t word) noexcept {
    return (word & registry) | revoking;
  }
  /// Biased, also where the bias stood.
  [[nodiscard]] static constexpr std::uint32_t biased_like(std::uint32_t word) noexcept {
    return (word & registry) | biased;
  }

  // --- not biased ---

  [[nodiscard]] static constexpr std::uint32_t price(std::uint32_t word) noexcept { return word >> price_shift; }
  [[nodiscard]] static constexpr std::uint32_t of_price(std::uint32_t samples) noexcept {
    return samples << price_shift;
  }
  [[nodiscard]] static constexpr std::uint32_t without_quiet_reads(std::uint32_t word) noexcept {
    return word & ~quiet_reads;
  }
};

/// How the word changes with reads and writes. Readers has the prices, tells by chance when to change, and says whether
/// it pays that a bias stands.
template <class Readers>
struct bias_pace {
  static constexpr std::uint32_t sample_period = 16;
  // Reads that go by the state of the lock although its bias stands: each takes the line from all other readers.
  static constexpr std::uint32_t standing_sample_period = sample_period * sample_period;
  static_assert(Readers::least_price <= Readers::highest_price && Readers::highest_price <= bias_word::quiet_reads);

  /// After a sampled read of a lock that is not biased. `word` again where this thread cannot announce itself.
  [[nodiscard]] static std::uint32_t after_quiet_read(std::uint32_t word) noexcept {
    const std::uint32_t price = bias_word::price(word);
    const std::uint32_t quiet = (word & bias_word::quiet_reads) + 1;
    const bool stands = price != 0 && Readers::standing_pays(quiet);
    if (!stands && quiet < (price != 0 ? price : Readers::first_price)) return word + 1;
    const std::uint32_t own = Readers::word();
    if (own == 0) return word;
    return stands ? own | bias_word::standing | class_of(price) << bias_word::price_class_shift : own;
  }
  /// After a sampled read by the state of a lock whose bias stands. There is no room to count quiet reads: one read by
  /// chance makes the lock a biased one, when on average eight times the price is paid. To revoke that is dear, and the
  /// reads in between gain little.
  [[nodiscard]] static std::uint32_t after_read_while_standing(std::uint32_t word) noexcept {
    const std::uint32_t period = 8 * standing_price(word) / standing_sample_period;
    return Readers::sample((std::max)(period, std::uint32_t{1})) ? bias_word::biased_like(word) : word;
  }
  /// After a write while the bias stands: that ends after some writes, by chance, and is to be earned again.
  [[nodiscard]] static std::uint32_t after_write_while_standing(std::uint32_t word) noexcept {
    return Readers::sample(Readers::writes_while_standing) ? bias_word::of_price(standing_price(word)) : word;
  }

 private:
  [[nodiscard]] static std::uint32_t class_of(std::uint32_t price) noexcept {
    const auto exact = static_cast<std::uint32_t>(std::bit_width(price / Readers::least_price)) - 1;
    return (std::min)(exact, bias_word::highest_price_class);
  }
  [[nodiscard]] static std::uint32_t standing_price(std::uint32_t word) noexcept {
    return Readers::least_price << ((word & ~bias_word::standing) >> bias_word::price_class_shift);
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
