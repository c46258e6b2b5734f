// The word of a reader-writer lock that says how its readers announce themselves, and where. Numbers only:
// basic_rw_lock.hpp says which thread may change it when.
//
//   | 0 | 0 | price | reads per write ... | quiet reads ......... |         31  30   29..26   25..16  15..0   not biased
//   | 1 | 0 | 0 ........... | registry: address / 2^20 ........ |         31  30   29..22   21..0           biased
//   | 1 | 1 | price | quiet | registry ........................ |         31  30   29..26   25..22  21..0   the bias stands
//   | 0 | 1 | 0 ........... | registry ........................ |         31  30   29..22   21..0           revoking
//
// Two shared objects of a process may have two registries of records (reader_registry.hpp), and a thread may enter a
// lock by one and leave it by the other: so the word says in which registry the announced readers are.
//
// Reads are counted by sampling, one in sixteen by chance. The price is the number of sampled reads without a writer in
// between after which a lock is biased. It is a power of two, and the word has its class: 1 for the least price, 2 for
// twice that and so on; 0 if the lock never was biased. Reads per write are a moving average over some 32 writes, in
// eighths: a sum of four for each sampled read (which stands for 16 reads, and 16 * 8 / 32 is four), of which each write
// takes away the 32nd part.
#ifndef EVAC_DETAIL_SYNC_BIAS_WORD_HPP
#define EVAC_DETAIL_SYNC_BIAS_WORD_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>

#include "evac/detail/config.hpp"

namespace evac::inline EVAC_ABI::detail {

struct bias_word {
  static constexpr std::uint32_t biased = std::uint32_t{1} << 31U;
  static constexpr std::uint32_t revoking = std::uint32_t{1} << 30U;
  static constexpr std::uint32_t standing = biased | revoking;
  static constexpr unsigned quiet_while_standing_shift = 22;
  static constexpr std::uint32_t quiet_while_standing = std::uint32_t{0xF} << quiet_while_standing_shift;
  static constexpr std::uint32_t registry = (std::uint32_t{1} << quiet_while_standing_shift) - 1;
  static constexpr unsigned price_shift = 26;
  static constexpr std::uint32_t price = std::uint32_t{0xF} << price_shift;
  static constexpr unsigned reads_per_write_shift = 16;
  static constexpr std::uint32_t most_eighths = 0x3FF;
  static constexpr std::uint32_t most_reads_per_write = most_eighths / 8;
  static constexpr std::uint32_t quiet_reads = 0xFFFF;
  /// Of a lock that is read or that was read between writes.
  static constexpr std::uint32_t reads = most_eighths << reads_per_write_shift | quiet_reads;
  /// The word of no lock: there is no registry 0.
  static constexpr std::uint32_t of_none = revoking;

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

  /// The average if a write came now.
  [[nodiscard]] static constexpr std::uint32_t reads_per_write(std::uint32_t word) noexcept {
    return eighths_after_write(word) / 8;
  }
  [[nodiscard]] static constexpr std::uint32_t after_write(std::uint32_t word) noexcept {
    return (word & price) | eighths_after_write(word) << reads_per_write_shift;
  }

 private:
  [[nodiscard]] static constexpr std::uint32_t eighths_after_write(std::uint32_t word) noexcept {
    const std::uint32_t before = word >> reads_per_write_shift & most_eighths;
    return (std::min)(before - (before + 31) / 32 + 4 * (word & quiet_reads), most_eighths);
  }
};

/// How the word changes with reads and writes. Readers has the prices, tells by chance when to change, and says whether
/// it pays that a bias stands.
template <class Readers>
struct bias_pace {
  static constexpr std::uint32_t sample_period = 16;
  // Reads that count while the bias stands: each goes by the state and takes the line from all other readers.
  static constexpr std::uint32_t standing_sample_period = sample_period * sample_period;
  /// Prices are kept up to this class while a bias stands. What costs more has cost it by readers who stay.
  static constexpr std::uint32_t highest_class_while_standing = 5;
  static_assert(std::has_single_bit(Readers::least_price) && std::has_single_bit(Readers::highest_price) &&
                Readers::least_price <= Readers::highest_price && Readers::highest_price <= bias_word::quiet_reads &&
                Readers::highest_price / Readers::least_price <= 1U << 14U);  // 15 classes and none
  static_assert(std::has_single_bit(Readers::counts_while_standing) && Readers::counts_while_standing <= 16);

  /// The word of a lock whose bias has been revoked, which took so long. A read that takes the state of the lock costs
  /// some 15 ns more than a biased one; so a lock that was revoked in t ns reads t / 2 times before it is biased again,
  /// and revocations cost an eighth at most of what the reads do. Those of more than a millisecond, which the highest
  /// price stands for, cost more.
  [[nodiscard]] static std::uint32_t after_revocation(std::chrono::nanoseconds taken) noexcept {
    constexpr std::uint32_t nanoseconds_per_quiet_read = 2;
    return of_price(static_cast<std::uint64_t>(taken.count()) / nanoseconds_per_quiet_read / sample_period);
  }
  /// At the least power of two that is no less than this price.
  [[nodiscard]] static std::uint32_t of_price(std::uint64_t samples) noexcept {
    const auto wanted = std::clamp<std::uint64_t>(samples, Readers::least_price, Readers::highest_price);
    const auto above_least = static_cast<std::uint32_t>(wanted - 1) / Readers::least_price;
    return (static_cast<std::uint32_t>(std::bit_width(above_least)) + 1) << bias_word::price_shift;
  }
  /// After a sampled read of a lock that is not biased. `word` again where this thread cannot announce itself.
  [[nodiscard]] static std::uint32_t after_quiet_read(std::uint32_t word) noexcept {
    const std::uint32_t price_class = class_of(word);
    const std::uint32_t next = word + 1;
    const bool stands = price_class != 0 && Readers::standing_pays(bias_word::reads_per_write(next));
    if (!stands && (next & bias_word::quiet_reads) < (price_class != 0 ? price_of(word) : Readers::first_price))
      return next;
    const std::uint32_t own = Readers::word();
    if (own == 0) return word;
    if (!stands) return own;
    return own | bias_word::standing | (std::min)(price_class, highest_class_while_standing) << bias_word::price_shift;
  }
  /// After one of the reads by the state that count while the bias stands. When the price is paid eight times over
  /// without a writer in between, the lock becomes a biased one: to revoke that is dear, and the reads in between gain
  /// little. There is little room to count that: by chance, one in so many of these reads counts.
  [[nodiscard]] static std::uint32_t after_read_while_standing(std::uint32_t word) noexcept {
    const std::uint32_t period =
        8 * price_of(word) * sample_period / standing_sample_period / Readers::counts_while_standing;
    if (!Readers::sample((std::max)(period, std::uint32_t{1}))) return word;
    const std::uint32_t count = ((word & bias_word::quiet_while_standing) >> bias_word::quiet_while_standing_shift) + 1;
    if (count >= Readers::counts_while_standing) return bias_word::biased_like(word);
    return (word & ~bias_word::quiet_while_standing) | count << bias_word::quiet_while_standing_shift;
  }
  /// After a write while the bias stands: the bias ends after some writes, by chance, and is to be earned again.
  [[nodiscard]] static std::uint32_t after_write_while_standing(std::uint32_t word) noexcept {
    if (Readers::sample(Readers::writes_while_standing)) return word & bias_word::price;
    return word & ~bias_word::quiet_while_standing;
  }

 private:
  [[nodiscard]] static std::uint32_t class_of(std::uint32_t word) noexcept {
    return (word & bias_word::price) >> bias_word::price_shift;
  }
  // Not of class 0.
  [[nodiscard]] static std::uint32_t price_of(std::uint32_t word) noexcept {
    return Readers::least_price << (class_of(word) - 1);
  }
};

}  // namespace evac::inline EVAC_ABI::detail

#endif
