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
constexpr std::size_t samples = 16;  // how many entries a sweep asks at most
constexpr std::ptrdiff_t ahead = 8;  // how many entries early a sweep fetches

constexpr std::size_t parent_of(std::size_t at) noexcept {
  return (at - 1) / arity;
}

}  // namespace

min_heap::~min_heap() {
  std::free(heap_);
}

inline bool min_heap::too_early(const entry& e) noexcept {
  return e.deadline != e.ev->deadline_;
}

inline bool min_heap::before(const entry& a, const entry& b) noexcept {
  return a.deadline < b.deadline ||
         (a.deadline == b.deadline && before_equal(a, b));
}

// An entry that is too early says nothing of its event's place among equals,
// and goes first, so that it is mended before any of them is called. The
// sequence may wrap: half its range lies before, and half behind.
bool min_heap::before_equal(const entry& a, const entry& b) noexcept {
  if (too_early(b)) return false;
  if (too_early(a)) return true;
  return static_cast<std::int32_t>(a.ev->sequence_ - b.ev->sequence_) < 0;
}

// An event keeps the number of its place when it has left.
bool min_heap::holds(const event& ev) const noexcept {
  return ev.heap_index_ < size_ && heap_[ev.heap_index_].ev == &ev;
}

bool min_heap::mend() noexcept {
  assert(!empty());
  if (!too_early(heap_[0])) return false;
  event& moved = top();
  sift_up(sink(0), {moved.deadline_, &moved});
  return true;
}

void min_heap::grow() {
  if (!resize(capacity_ * 17 / 16 + least_capacity)) throw std::bad_alloc();
}

bool min_heap::resize(std::size_t capacity) noexcept {
  void* moved = std::realloc(heap_, capacity * sizeof(entry));
  if (!moved) return false;
  heap_ = static_cast<entry*>(moved);
  capacity_ = capacity;
  return true;
}

void min_heap::push(event& ev) noexcept {
  assert(size_ < capacity_ && !holds(ev));
  sift_up(size_++, {ev.deadline_, &ev});
}

void min_heap::adjust(event& ev) noexcept {
  assert(holds(ev));
  const std::size_t at = ev.heap_index_;
  const entry kept{std::min(ev.deadline_, heap_[at].deadline), &ev};
  // With a later deadline it is too early now, and so the first of its equals.
  if (ev.deadline_ > kept.deadline && !goes_up(at, kept)) return;
  sift_up(ev.deadline_ == heap_[at].deadline ? sink(at) : at, kept);
}

void min_heap::erase(event& ev) noexcept {
  assert(holds(ev));
  const std::size_t hole = ev.heap_index_;
  const entry last = heap_[--size_];
  if (hole < size_) sift_up(sink(hole), last);
  const bool slack = size_ < capacity_ / 4 && capacity_ > least_capacity;
  if (slack) resize(capacity_ / 2);  // if that fails, the array stays
}

// The rest becomes a heap anew, for which it has to be small; so a few entries
// are looked at first. What is due is left behind it, and is sorted there.
// Equals are sorted when their turn comes, since that visits the events; and by
// age: the numbers may wrap, and over more than half their range before() is no
// order. The events lie anywhere in memory, so each is fetched some time before
// it is visited.
void min_heap::sweep(time_point now, std::uint32_t newest,
                     const std::function<void(event&)>& each) noexcept {
  int more = 0;
  for (std::size_t at = 0; at < size_; at += size_ / samples + 1) {
    more += heap_[at].deadline <= now ? 1 : -1;
  }
  if (more < 0) return;
  entry* const end = heap_ + size_;
  const auto fetch = [end](const entry* e) {
    if (end - e > ahead) __builtin_prefetch(&e[ahead].ev->deadline_);
  };
  size_ = 0;
  for (entry* e = heap_; e < end; ++e) {
    fetch(e);
    if (e->deadline <= now) e->deadline = e->ev->deadline_;
    if (e->deadline <= now) continue;
    std::iter_swap(heap_ + size_, e);
    sift_up(size_, heap_[size_]);
    ++size_;
  }
  entry* const due = heap_ + size_;
  std::ranges::sort(due, end, {}, &entry::deadline);
  for (entry *first = due, *last = due; first < end; first = last) {
    while (last < end && last->deadline == first->deadline) fetch(last++);
    std::ranges::sort(first, last, std::greater(), [newest](const entry& e) {
      return newest - e.ev->sequence_;
    });
    for (const entry* e = first; e < last; ++e) each(*e->ev);
  }
  // Room for some more; if that fails, the array stays.
  if (size_ < capacity_ / 4) resize(size_ + least_capacity);
}

inline void min_heap::put(std::size_t at, const entry& moved) noexcept {
  heap_[at] = moved;
  moved.ev->heap_index_ = static_cast<std::uint32_t>(at);
}

inline bool min_heap::goes_up(std::size_t at, const entry& e) const noexcept {
  return at > 0 && before(e, heap_[parent_of(at)]);
}

inline void min_heap::sift_up(std::size_t at, entry moved) noexcept {
  for (; goes_up(at, moved); at = parent_of(at)) put(at, heap_[parent_of(at)]);
  put(at, moved);
}

// No comparison with what will fill the hole: that comes from the bottom, and
// will go there again most of the time.
inline std::size_t min_heap::sink(std::size_t at) noexcept {
  while (at * arity + 1 < size_) {
    const std::size_t child = first_child(at);
    put(at, heap_[child]);
    at = child;
  }
  return at;
}

// The earliest of the children of `at`, which has one at least. Nearly always
// there are four: then the winners of two pairs are compared.
inline std::size_t min_heap::first_child(std::size_t at) const noexcept {
  const entry* const child = heap_ + at * arity + 1;
  const auto earlier = [](const entry* a, const entry* b) {
    return before(*b, *a) ? b : a;
  };
  const entry* first = child;
  if (child + 3 < heap_ + size_) {
    first = earlier(earlier(child, child + 1), earlier(child + 2, child + 3));
  } else {
    for (const entry* e = child + 1; e < heap_ + size_; ++e) {
      first = earlier(first, e);
    }
  }
  return static_cast<std::size_t>(first - heap_);
}

void min_heap::self_check() const {
  for (std::size_t at = 0; at < size_; ++at) {
    const entry& e = heap_[at];
    const entry& parent = heap_[at == 0 ? 0 : parent_of(at)];
    const bool known = e.deadline <= e.ev->deadline_ && e.ev->heap_index_ == at;
    if (!before(e, parent) && known) continue;
    throw std::logic_error("self_check: the heap is out of order at " +
                           std::to_string(at));
  }
}

}  // namespace evolve
