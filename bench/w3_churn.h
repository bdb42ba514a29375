/// \file
/// W3, events deleted and added. Nothing is ready meanwhile.
///
///   --mode same    one event: `--batch` times deleted and added, then a turn
///          self    before each turn, `--batch` events are deleted and added
///                  again: nothing has changed
///          move    before each turn, `--batch` events are deleted and as many
///                  others added: a real change
///          reopen  as self, but each descriptor is closed in between, and its
///                  number used by another pipe: merged changes must
///                  not take the one for the other
///
/// Reports pair_ns, for each pair of `--pairs`, with its share of the turns.
/// At the end all descriptors are made ready; failed=1 when another event is
/// called than those that are added.
#pragma once

#include "bench.h"

namespace bench {

template <class Loop>
class churn {
 public:
  static int run(const args& options) {
    same_ = !options.is("mode", "self") && !options.is("mode", "move") &&
            !options.is("mode", "reopen");
    moves_ = options.is("mode", "move");
    reopens_ = options.is("mode", "reopen");
    if (reopens_ && !requires { Loop::reopens; }) return unsupported();
    batch_ = options.size("batch", 16);
    prepare(options);
    for (std::size_t i = 0; i < 100; ++i) round(i);
    const std::size_t rounds = options.size("pairs", 200'000) / batch_;
    region measured;
    for (std::size_t i = 0; i < rounds; ++i) round(i);
    report("pair_ns", measured.end() / static_cast<double>(rounds * batch_));
    if (!right()) report("failed", 1);
    return 0;
  }

 private:
  struct watched {
    typename Loop::io io;
    int from;
    int to;
    long fired = 0;
    bool added = false;
  };

  static void on_read(void* arg) {
    watched& it = *static_cast<watched*>(arg);
    char byte;
    if (read(it.from, &byte, 1) == 1) ++it.fired;
  }

  static void prepare(const args& options) {
    n_ = same_ ? 1 : batch_ * 2;
    want_descriptors(n_ * 2 + 100);
    loop_ = new Loop(options);
    watched_ = new watched[n_];
    for (std::size_t i = 0; i < n_; ++i) {
      int ends[2];
      if (pipe2(ends, O_NONBLOCK) != 0) die("pipe");
      watched_[i].from = ends[0];
      watched_[i].to = ends[1];
      loop_->template io_init<on_read>(watched_[i].io, ends[0], &watched_[i]);
    }
    for (std::size_t i = 0; i < (same_ ? 1 : batch_); ++i) add(watched_[i]);
    loop_->poll();
  }

  static void add(watched& it) {
    loop_->io_start(it.io);
    it.added = true;
  }

  static void del(watched& it) {
    loop_->io_stop(it.io);
    it.added = false;
  }

  // Another pipe under the same number.
  static void reopen(watched& it) {
    close(it.from);
    close(it.to);
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) die("pipe");
    if (ends[1] == it.from) ends[1] = dup(ends[1]);
    if (ends[0] != it.from) {
      dup2(ends[0], it.from);
      close(ends[0]);
    }
    it.to = ends[1];
    if constexpr (requires { loop_->io_drop(it.io); }) loop_->io_drop(it.io);
    loop_->template io_init<on_read>(it.io, it.from, &it);
  }

  static void round(std::size_t number) {
    const bool same = same_, moves = moves_, reopens = reopens_;
    watched* const all = watched_;
    watched* const first = moves && number % 2 == 1 ? all + batch_ : all;
    watched* const other = moves && number % 2 == 0 ? all + batch_ : all;
    for (std::size_t k = 0; k < batch_; ++k) {
      watched& from = first[same ? 0 : k];
      del(from);
      if (reopens) reopen(from);
      add(moves ? other[k] : from);
    }
    loop_->poll();
  }

  static bool right() {
    for (std::size_t i = 0; i < n_; ++i) {
      if (write(watched_[i].to, "x", 1) != 1) die("write");
    }
    for (int i = 0; i < 5; ++i) loop_->poll();
    return std::all_of(watched_, watched_ + n_, [](const watched& it) {
      return it.fired == (it.added ? 1 : 0);
    });
  }

  static inline Loop* loop_;
  static inline watched* watched_;
  static inline std::size_t batch_, n_;
  static inline bool same_, moves_, reopens_;
};

template <class Loop>
int w3(const args& options) {
  if constexpr (requires(Loop & loop) { loop.poll(); }) {
    return churn<Loop>::run(options);
  } else {
    return unsupported();
  }
}

}  // namespace bench
