/// \file
/// The events that have a deadline, the earliest first.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "evolve/event.h"

namespace evolve {

/// A heap of events by deadline, four children to a node.
///
/// An entry is the deadline beside the pointer, so that to compare two is not
/// to visit two events; the four children of a node are 64 bytes in a row.
///
/// **Later deadlines are lazy.** Most timeouts never pass: they are moved, to
/// later, with every sign of life. Then only the event's deadline_ is written.
/// Its entry stays where it is, too early, and is mended when it has come to
/// the top. An entry is therefore never later than its event.
///
/// Among equal deadlines the order is that of adding: the event's sequence_.
///
/// \libevent{minheap-internal.h,min_heap}
class min_heap {
 public:
  min_heap() = default;
  ~min_heap();

  min_heap(const min_heap&) = delete;
  min_heap& operator=(const min_heap&) = delete;

  /// Whether no event is on it.
  bool empty() const noexcept { return size_ == 0; }

  /// How many events are on it.
  std::size_t size() const noexcept { return size_; }

  /// For how many entries there is room.
  std::size_t capacity() const noexcept { return capacity_; }

  /// The first entry's event. Requires that there is one.
  /// \libevent{minheap-internal.h,min_heap_top_}
  event& top() const noexcept {
    assert(!empty());
    return *heap_[0].ev;
  }

  /// The first entry's deadline: no event's is earlier. Requires that there is
  /// one.
  time_point deadline() const noexcept {
    assert(!empty());
    return heap_[0].deadline;
  }

  /// Whether the first entry was earlier than its event; then it has been put
  /// where it belongs. Requires that there is one.
  bool mend() noexcept;

  /// Makes room for one more.
  /// \throws std::bad_alloc when there is none.
  /// \libevent{minheap-internal.h,min_heap_reserve_}
  void reserve_one() {
    if (size_ == capacity_) grow();
  }

  /// Requires that there is room, and that `ev` is not on the heap.
  /// \libevent{minheap-internal.h,min_heap_push_}
  void push(event& ev) noexcept;

  /// Takes notice that deadline_ and sequence_ of `ev`, which is on the heap,
  /// have been written anew.
  /// \libevent{minheap-internal.h,min_heap_adjust_}
  void adjust(event& ev) noexcept;

  /// Requires that `ev` is on the heap. Gives memory back when only a quarter
  /// of it is used, but always leaves room for one more.
  /// \libevent{minheap-internal.h,min_heap_erase_}
  void erase(event& ev) noexcept;

  /// If the time of about half of the entries or more has come at `now`, takes
  /// all events that are due off, and then calls `each` for them, in their
  /// order: at a lower price than one by one. Requires that no event's sequence_
  /// is newer than `newest`, and that `each` leaves the heap alone.
  void sweep(time_point now, std::uint32_t newest,
             const std::function<void(event&)>& each) noexcept;

  /// One of the events, in no useful order. Requires `at` < size().
  const event& operator[](std::size_t at) const noexcept {
    assert(at < size_);
    return *heap_[at].ev;
  }

  /// \throws std::logic_error when an entry is before its parent, later than
  ///     its event, or not where its event thinks.
  void self_check() const;

 private:
  // An event, and the deadline by which it has its place.
  struct entry {
    time_point deadline;  // not later than the event's
    event* ev;  // whose place it is
  };

  static inline bool too_early(const entry& e) noexcept;  // an entry to mend
  static inline bool before(const entry& a, const entry& b) noexcept;  // sooner
  static bool before_equal(const entry& a, const entry& b) noexcept;
  bool holds(const event& ev) const noexcept;
  void grow();  // by a sixteenth
  bool resize(std::size_t capacity) noexcept;  // false: no memory
  inline void put(std::size_t at, const entry& moved) noexcept;  // in its place
  // Whether `e` is before the parent of that place.
  inline bool goes_up(std::size_t at, const entry& e) const noexcept;
  inline void sift_up(std::size_t at, entry moved) noexcept;  // from that place
  inline std::size_t sink(std::size_t at) noexcept;  // where a hole there ends
  inline std::size_t first_child(std::size_t at) const noexcept;

  entry* heap_ = nullptr;  // malloc's, so that it can grow in place
  std::size_t size_ = 0;  // how many entries there are
  std::size_t capacity_ = 0;  // for how many there is room
};

}  // namespace evolve
