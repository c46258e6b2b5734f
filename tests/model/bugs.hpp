// Bugs that are planted to see that the models find them: one at a time, chosen on the command line of a model.
#ifndef EVAC_TESTS_MODEL_BUGS_HPP
#define EVAC_TESTS_MODEL_BUGS_HPP

#include <cstddef>

namespace evac_model {

/// In rw_lock. One at a time; each must be found.
enum class bug {
  none,
  announcement_is_a_store,        // and not an exchange: passes the second look at the bias
  no_second_look,                 // a reader trusts what it saw of the bias before it announced itself
  no_wait_for_announced,          // a writer that takes the bias away goes in at once
  no_wake_up,                     // nobody who sleeps is told
  leaving_reader_wakes_nobody,    // only writers wake
  writer_forgets_parked,          // who goes in after another has slept takes the flag away
  bias_is_not_put_back,           // after a try_lock() that found an announced reader
  notification_touches_lock,      // which its last holder may have destroyed
  unlock_is_relaxed,              // what the writer wrote is not handed over
  unlock_shared_is_relaxed,       // what a reader by state has read may be overwritten
  leave_is_relaxed,               // the same for a reader by announcement
  bias_is_relaxed,                // a biased reader does not see what the last writer wrote
  revocation_is_relaxed,          // clearing the bias passes the look for announcements
  list_is_not_seq_cst,            // a writer does not see the record of a new thread
  revoked_word_names_nothing,     // who leaves by another shared object does not find where it is announced
  leaving_forgets_other_objects,  // it does not look there
  writer_looks_at_its_own,        // registry, and not at the one that the lock names
  any_bias_will_do,               // for a reader whose registry is not the one that the lock names
  mark_is_not_raised,             // a writer does not look at the slot where a thread announces its second lock
  mark_is_relaxed,                // it does not see that the mark was raised
  writer_is_not_asked_for,        // by a reader under a bias that stands
  bias_was_asked_before,          // such a reader does not see that a writer has ended the bias
  writer_acquires_only,           // the writer bit passes the look for announcements under a bias that stands
  bias_moves_to_own_registry,     // when a bias that stood becomes one that is revoked
  count,
};
inline bug planted = bug::none;

/// In epochs, parking and sync_map. Some are steps left out: see the header of protocol.hpp beside this one.
enum class sync_bug {
  none,
  // found by models of epochs and of parking
  no_wait_for_readers,  // the epoch goes on although somebody is inside
  nobody_is_woken,      // who sleeps until a bucket is unlocked
  entering_is_a_store,  // and not an exchange: passes what is read inside
  leaving_is_relaxed,   // what was read inside may be freed before
  stamp_is_a_load,      // garbage is stamped with an epoch that is long over
  list_is_only_read,    // who adds a record after that has not synchronised with it
  // found by models of buckets
  no_validation,             // a reader trusts what it saw while the bucket changed
  no_comparison_of_homes,    // who comes to a bucket that has been split stays there
  tags_are_not_compared,     // a writer takes a key for what it was when it was seen
  tag_before_slot,           // readers find a slot that is not filled yet
  nobody_says_changing,      // slots change under readers that do not know
  losers_keep_version,       // an element leaves and comes back, and is seen twice
  child_before_tags,         // a child is published while its elements are in the parent as well
  unlocking_is_a_store,      // and not an exchange: passes the look for sleepers
  words_are_loaded_relaxed,  // what words of a bucket go with is not seen
  words_are_stored_relaxed,  // the same from the other side
  nodes_are_loaded_relaxed,  // what a node was made of that came in another's place is not seen
  nodes_are_stored_relaxed,  // the same from the other side
  locking_is_relaxed,        // what was done under the lock before is not seen
  changing_is_relaxed,       // a reader that a changing bucket sends to a child does not see its contents
  count,
};
inline constexpr std::size_t epoch_bugs = static_cast<std::size_t>(sync_bug::no_validation) - 1;
inline constexpr std::size_t table_bugs = static_cast<std::size_t>(sync_bug::count) - 1 - epoch_bugs;
inline sync_bug sync_planted = sync_bug::none;

/// Where announcing is a plain store and membarrier(2) does the rest: see membarrier.hpp.
enum class fence_bug {
  none,
  no_fence,                // the call does nothing
  fence_only_in_caller,    // as an ordinary fence
  targets_do_not_acquire,  // what the caller did before is not seen behind a thread's fence
  targets_do_not_release,  // what a thread did before its fence is not seen by the caller
  no_compiler_fence,       // behind an announcement
  leaving_is_relaxed,      // what was read inside, or under the lock, may be freed or overwritten before
  announcing_is_relaxed,   // epochs only: who is inside again seems to have been inside never before
  no_second_look,          // the lock only: a reader trusts what it saw of the bias before it announced itself
  count,
};
inline fence_bug fence_planted = fence_bug::none;

}  // namespace evac_model

#endif
