// The least coroutine type.
#ifndef EVAC_TESTS_STATIC_HELP_TASK_HPP
#define EVAC_TESTS_STATIC_HELP_TASK_HPP

#include <coroutine>
#include <exception>

struct task {
  struct promise_type {
    task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

#endif
