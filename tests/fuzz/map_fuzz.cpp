// libFuzzer target: bytes are operations on a map and on std::unordered_map, which must agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <evac/detail/table/validate_table.hpp>
#include <evac/map.hpp>
#include <iostream>
#include <string>
#include <unordered_map>

namespace {

struct poor_hash {
  using is_avalanching = void;
  // Few homes and few tags, so that short inputs already make chains and false matches.
  std::size_t operator()(std::uint16_t key) const { return (key & 31U) | (static_cast<std::size_t>(key % 3) << 56U); }
};

void require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "map_fuzz: " << what << '\n';
  std::abort();
}

template <class Map>
class session {
 public:
  void run(const std::uint8_t* data, std::size_t size) {
    for (std::size_t i = 0; i + 2 < size; i += 3) {
      step(data[i], static_cast<std::uint16_t>(data[i + 1] | (data[i + 2] << 8U)));
    }
    compare();
  }

 private:
  void step(unsigned operation, std::uint16_t key) {
    switch (operation % 11) {
      case 0:
      case 1:
      case 2:
        require(tested_.try_emplace(key, operation).second == model_.try_emplace(key, operation).second, "try_emplace");
        break;
      case 3:
      case 4:
        require(tested_.erase(key) == model_.erase(key), "erase");
        break;
      case 5: {
        const auto at = tested_.find(key);
        require((at == tested_.end()) == (model_.count(key) == 0), "find");
        if (at != tested_.end()) require(at->second == model_.at(key), "value");
        break;
      }
      case 6:
        for (std::uint16_t i = 0; i < key % 256; ++i) tested_[i] = model_[i] = operation;
        break;
      case 7:
        for (std::uint16_t i = 0; i < key % 256; ++i) require(tested_.erase(i) == model_.erase(i), "run");
        break;
      case 8:
        tested_.evacuate(key % 16);
        break;
      case 9:
        key % 2 == 0 ? tested_.reserve(key % 2048) : tested_.rehash(key % 2048);
        break;
      default:
        if (key % 8 == 0) {
          tested_.clear();
          model_.clear();
        } else {
          tested_ = Map(tested_);
        }
    }
    if (operation >= 250) compare();
  }

  void compare() {
    const std::string broken = evac::detail::validate(tested_);
    require(broken.empty(), broken.c_str());
    require(tested_.size() == model_.size(), "size");
    for (const auto& [key, value] : tested_) require(model_.at(key) == value, "contents");
  }

  Map tested_;
  std::unordered_map<std::uint16_t, unsigned> model_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (data[0] % 2 == 0) {
    session<evac::map<std::uint16_t, unsigned>>().run(data + 1, size - 1);
  } else {
    session<evac::map<std::uint16_t, unsigned, poor_hash>>().run(data + 1, size - 1);
  }
  return 0;
}
