// One way to ask for the invariants of a container.
#ifndef EVAC_TESTS_SUPPORT_VALID_HPP
#define EVAC_TESTS_SUPPORT_VALID_HPP

#include <evac/detail/table/validate_table.hpp>
#include <string>

#define REQUIRE_VALID(container) REQUIRE(::evac::detail::validate(container) == std::string())
#define CHECK_VALID(container) CHECK(::evac::detail::validate(container) == std::string())

#endif
