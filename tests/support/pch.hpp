// The precompiled header of the tests: the standard headers and Catch2, which nearly every test includes, and all of
// evac.
#ifndef EVAC_TESTS_SUPPORT_PCH_HPP
#define EVAC_TESTS_SUPPORT_PCH_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <evac/evac.hpp>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/catch.hpp"

#endif
