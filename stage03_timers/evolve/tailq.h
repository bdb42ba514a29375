/// \file
/// A queue that lives inside its elements.
#pragma once

#include <cassert>
#include <cstddef>
#include <iterator>

namespace evolve {

/// The place in an element where one queue keeps its two links.
///
/// An element can be on as many queues at once as it has entries.
///
/// \libevent{queue.h,TAILQ_ENTRY}
template <class T>
struct tailq_entry {
  T* next = nullptr;  ///< the element behind this one, or null
  T* prev = nullptr;  ///< the element before this one, or null
};

/// A doubly linked queue of elements that it does not own.
///
/// `Entry` says which of the element's entries this queue links through. To
/// put an element on the queue, or to take it off from anywhere within, costs
/// a few stores: nothing is allocated, searched, or able to fail. That is why
/// a callback can delete any other event at any time.
///
/// libevent's macro keeps in `prev` the address of the pointer to the element;
/// here it is the element before, which one can step back to, and which leaves
/// the queue itself free to move in memory.
///
/// **Lifetime.** An element must outlive its stay on the queue, and may be on
/// it only once. The queue's own end does nothing to them.
///
/// \libevent{queue.h,TAILQ_HEAD}
template <class T, tailq_entry<T> T::*Entry>
class tailq {
 public:
  /// Walks from the front to the back. Stays valid while others are added or
  /// removed; removing the element it stands on ends its use.
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    /// Stands on `at`; null is the end.
    explicit iterator(T* at = nullptr) noexcept : at_(at) {}

    T& operator*() const noexcept { return *at_; }  // the element it stands on
    T* operator->() const noexcept { return at_; }  // the same element
    iterator& operator++() noexcept {
      at_ = (at_->*Entry).next;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator&) const noexcept = default;

   private:
    T* at_;  // null at the end
  };

  /// Whether there is no element.
  bool empty() const noexcept { return first_ == nullptr; }

  /// The element that has waited longest. Requires that there is one.
  T& front() const noexcept {
    assert(!empty());
    return *first_;
  }

  /// The element that came last, or null.
  T* back() const noexcept { return last_; }

  /// At the front.
  iterator begin() const noexcept { return iterator(first_); }

  /// Behind the last element.
  iterator end() const noexcept { return iterator(); }

  /// Requires that `element` is not on a queue through this entry.
  void push_back(T& element) noexcept {
    assert(first_ != &element && last_ != &element);
    element.*Entry = {nullptr, last_};
    (last_ ? (last_->*Entry).next : first_) = &element;
    last_ = &element;
  }

  /// Puts `element` behind `place`, or at the front when that is null.
  /// Requires that `element` is not on a queue through this entry.
  void insert_after(T* place, T& element) noexcept {
    assert(first_ != &element && last_ != &element);
    T* next = place ? (place->*Entry).next : first_;
    element.*Entry = {next, place};
    (place ? (place->*Entry).next : first_) = &element;
    (next ? (next->*Entry).prev : last_) = &element;
  }

  /// Requires that `element` is on this queue.
  void remove(T& element) noexcept {
    const auto [next, prev] = element.*Entry;
    assert((prev ? (prev->*Entry).next : first_) == &element);
    assert((next ? (next->*Entry).prev : last_) == &element);
    (prev ? (prev->*Entry).next : first_) = next;
    (next ? (next->*Entry).prev : last_) = prev;
  }

  /// The same for the element in front, at a lower price.
  void pop_front(T& front) noexcept {
    assert(first_ == &front);
    first_ = (front.*Entry).next;
    (first_ ? (first_->*Entry).prev : last_) = nullptr;
  }

 private:
  T* first_ = nullptr;  // the element in front, or null
  T* last_ = nullptr;  // the element at the back, or null
};

}  // namespace evolve
