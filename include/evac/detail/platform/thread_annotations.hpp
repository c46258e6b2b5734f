// Attributes for clang's thread safety analysis (-Wthread-safety); nothing for other compilers.
#ifndef EVAC_DETAIL_PLATFORM_THREAD_ANNOTATIONS_HPP
#define EVAC_DETAIL_PLATFORM_THREAD_ANNOTATIONS_HPP

#if defined(__clang__)
#define EVAC_THREAD_ANNOTATION(...) __attribute__((__VA_ARGS__))
#else
#define EVAC_THREAD_ANNOTATION(...)
#endif

#define EVAC_LOCKABLE EVAC_THREAD_ANNOTATION(lockable)
#define EVAC_SCOPED_LOCKABLE EVAC_THREAD_ANNOTATION(scoped_lockable)
#define EVAC_EXCLUSIVE_LOCKS_REQUIRED(...) EVAC_THREAD_ANNOTATION(exclusive_locks_required(__VA_ARGS__))
#define EVAC_SHARED_LOCKS_REQUIRED(...) EVAC_THREAD_ANNOTATION(shared_locks_required(__VA_ARGS__))
#define EVAC_EXCLUSIVE_LOCK_FUNCTION(...) EVAC_THREAD_ANNOTATION(exclusive_lock_function(__VA_ARGS__))
#define EVAC_SHARED_LOCK_FUNCTION(...) EVAC_THREAD_ANNOTATION(shared_lock_function(__VA_ARGS__))
#define EVAC_UNLOCK_FUNCTION(...) EVAC_THREAD_ANNOTATION(unlock_function(__VA_ARGS__))
#define EVAC_EXCLUSIVE_TRYLOCK_FUNCTION(...) EVAC_THREAD_ANNOTATION(exclusive_trylock_function(__VA_ARGS__))
#define EVAC_SHARED_TRYLOCK_FUNCTION(...) EVAC_THREAD_ANNOTATION(shared_trylock_function(__VA_ARGS__))
#define EVAC_NO_THREAD_SAFETY_ANALYSIS EVAC_THREAD_ANNOTATION(no_thread_safety_analysis)

#endif
