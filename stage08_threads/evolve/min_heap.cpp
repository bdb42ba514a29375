#include "evolve/min_heap.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace evolve {
namespace {

constexpr std::size_t arity = 4;
constexpr std::size_t least_capacity = 16;

}  // namespace

min_heap::~min_heap() { std::free(heap_); }

bool min_heap::too_early(const entry& e) noexcept {
  return e.deadline != e.ev->deadline_;
}

bool min_heap::before(const entry& a, const entry& b) noexcept {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  return before_equal(a, b);
}

// An entry that is too early says nothing of its event's place among equals,
// and goes first, so that it is mended before any of them is called. The
// sequence may wrap: half its range lies before, and half behind.
bool min_heap::before_equal(const entry& a, const entry& b) noexcept {
  if (too_early(a)) return true;
  if (too_early(b)) return false;
  return static_cast<std::int32_t>(a.ev->sequence_ - b.ev->sequence_) < 0;
}

bool min_heap::mend() noexcept {
  if (!too_early(heap_[0])) return false;
  sift_down(0, {top().deadline_, &top()});
  return true;
}

void min_heap::reserve_one() {
  if (size_ < capacity_) return;
  if (!resize(std::max(least_capacity, 2 * capacity_))) throw std::bad_alloc();
}

bool min_heap::resize(std::size_t capacity) noexcept {
  void* moved = std::realloc(heap_, capacity * sizeof(entry));
  if (!moved) return false;
  heap_ = static_cast<entry*>(moved);
  capacity_ = capacity;
  return true;
}

void min_heap::push(event& ev) noexcept {
  sift_up(size_++, {ev.deadline_, &ev});
}

void min_heap::adjust(event& ev) noexcept {
  const entry old = heap_[ev.heap_index_];
  if (ev.deadline_ > old.deadline) {
    sift_up(ev.heap_index_, old);  // first among its equals, until mended
  } else if (ev.deadline_ == old.deadline) {
    sift_down(ev.heap_index_, old);
  } else {
    sift_up(ev.heap_index_, {ev.deadline_, &ev});
  }
}

void min_heap::erase(event& ev) noexcept {
  const std::size_t hole = ev.heap_index_;
  event& last = *heap_[--size_].ev;
  if (hole < size_) {
    sift_up(hole, {last.deadline_, &last});
    if (last.heap_index_ == hole) sift_down(hole, heap_[hole]);
  }
  if (capacity_ > least_capacity && size_ < capacity_ / 4) {
    resize(capacity_ / 2);  // when that fails, all stays as it is
  }
}

void min_heap::put(std::size_t at, const entry& moved) noexcept {
  heap_[at] = moved;
  moved.ev->heap_index_ = static_cast<std::uint32_t>(at);
}

void min_heap::sift_up(std::size_t at, entry moved) noexcept {
  while (at > 0) {
    const std::size_t parent = (at - 1) / arity;
    if (!before(moved, heap_[parent])) break;
    put(at, heap_[parent]);
    at = parent;
  }
  put(at, moved);
}

void min_heap::sift_down(std::size_t at, entry moved) noexcept {
  while (at * arity + 1 < size_) {
    const std::size_t child = first_child(at);
    if (!before(heap_[child], moved)) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, moved);
}

// The earliest of the children of `at`, which has one at least.
std::size_t min_heap::first_child(std::size_t at) const noexcept {
  std::size_t first = at * arity + 1;
  const std::size_t end = std::min(first + arity, size_);
  for (std::size_t child = first + 1; child < end; ++child) {
    if (before(heap_[child], heap_[first])) first = child;
  }
  return first;
}

void min_heap::self_check() const {
  for (std::size_t at = 0; at < size_; ++at) {
    const entry& e = heap_[at];
    const entry& parent = heap_[at == 0 ? 0 : (at - 1) / arity];
    const bool in_order = !before(e, parent) || before(parent, e);
    if (in_order && e.deadline <= e.ev->deadline_ && e.ev->heap_index_ == at) {
      continue;
    }
    throw std::logic_error("self_check: the heap is out of order at " +
                           std::to_string(at));
  }
}

}  // namespace evolve
