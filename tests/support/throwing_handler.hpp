// Makes misuse arrive as an exception. To be included before any header of evac, in every source of a program or in
// none: the macro has to be the same in all of a program.
#ifndef EVAC_TESTS_SUPPORT_THROWING_HANDLER_HPP
#define EVAC_TESTS_SUPPORT_THROWING_HANDLER_HPP

#include <stdexcept>

namespace evac_test {
[[noreturn]] inline void report_misuse(const char* message) { throw std::runtime_error(message); }
}  // namespace evac_test
#define EVAC_ASSERT_HANDLER(message) ::evac_test::report_misuse(message)

#endif
