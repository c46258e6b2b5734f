// Lists of kinds, as a TEMPLATE_TEST_CASE takes them, that are shorter under sanitizers and in release, because each
// kind is compiled into each such test. The preset dev has all; EVAC_TEST_FEW_KINDS leaves out those that are most like
// another one.
#ifndef EVAC_TESTS_SUPPORT_FEW_KINDS_HPP
#define EVAC_TESTS_SUPPORT_FEW_KINDS_HPP

// Stands at the end of a list.
#if EVAC_TEST_FEW_KINDS
#define EVAC_TEST_AND_MORE(...)
#else
#define EVAC_TEST_AND_MORE(...) , __VA_ARGS__
#endif

#endif
