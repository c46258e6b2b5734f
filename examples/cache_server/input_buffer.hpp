// What has been read of a connection and not been used yet. It doubles while a request does not fit, so that memory
// follows what a client has sent, and not what it has announced; the memory of a large request is given back.
#ifndef EVAC_EXAMPLES_CACHE_SERVER_INPUT_BUFFER_HPP
#define EVAC_EXAMPLES_CACHE_SERVER_INPUT_BUFFER_HPP

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace cache_server {

class input_buffer {
 public:
  [[nodiscard]] std::string_view unused() const { return {bytes_.get() + begin_, end_ - begin_}; }
  /// From the front.
  void use(std::size_t count) { begin_ += count; }
  /// Room to read into. Moves what is unused.
  [[nodiscard]] std::span<char> room() {
    const std::size_t kept = end_ - begin_;
    const bool is_too_large = size_ > usual && kept <= usual / 2;
    if (size_ == 0 || is_too_large) {
      replace(usual);
    } else if (size_ - kept < usual / 2) {
      replace(2 * size_);
    } else if (begin_ != 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
      begin_ = 0;
      end_ = kept;
    }
    return {bytes_.get() + end_, size_ - end_};
  }
  void add(std::size_t count) { end_ += count; }

 private:
  static constexpr std::size_t usual = 16 << 10;

  void replace(std::size_t size) {
    auto fresh = std::make_unique_for_overwrite<char[]>(size);
    const std::size_t kept = end_ - begin_;
    if (kept != 0) std::memcpy(fresh.get(), bytes_.get() + begin_, kept);
    bytes_ = std::move(fresh);
    size_ = size;
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cache_server

#endif
