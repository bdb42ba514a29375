/// \file
/// W4, other threads. `--cpu` and `--cpu2` place the two.
///
///   --mode send  a thread sends `--count` times; send_ns: until the last one
///                has arrived. What is sent meanwhile may arrive together.
///          post  a thread posts `--count` tasks, and each is called in the
///                loop; task_ns. A library without a queue of tasks gets one of
///                a mutex and a vector, with one send for each task.
///          ping  two loops in two threads; p50_ns and p99_ns of a round trip.
///                With `--spin 1` both take turns without ever sleeping.
///
/// With `--batch` the loop's own thread sends or posts, so many times before
/// each turn: what is counted repeats then.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "bench.h"

namespace bench {

template <class Loop>
class wakeup {
 public:
  static int run(const args& options) {
    loop_ = new Loop(options);
    if (!loop_->threads()) return unsupported();
    cpu2_ = options.number("cpu2", 1);
    if (options.is("mode", "ping")) return ping(options);
    return produce(options);
  }

 private:
  using function = void (*)(void*);
  struct task {
    function call;
    void* arg;
  };

  static int ping(const args& options) {
    sends_ = options.number("count", 50'000);
    round_trips_.reserve(static_cast<std::size_t>(sends_));
    const bool spins = options.number("spin", 0) != 0;
    peer_ = new Loop(options);
    loop_->template async_init<on_ping>(async_, nullptr);
    peer_->template async_init<on_pong>(back_, nullptr);
    std::thread other([spins] {
      pin(cpu2_);
      while (!ready_) {
      }
      usleep(10'000);  // until the loop sleeps
      sent_at_ = now_ns();
      loop_->async_send(async_);
      turn(*peer_, spins);
    });
    ready_ = true;
    turn(*loop_, spins);
    other.join();
    report("p50_ns", percentile(round_trips_, 0.5));
    report("p99_ns", percentile(round_trips_, 0.99));
    return 0;
  }

  static void turn(Loop& loop, bool spins) {
    if (!spins) return loop.run();
    while (!last_) loop.poll();
  }

  static void on_ping(void*) {
    if (last_) {
      loop_->stop();
    } else {
      peer_->async_send(back_);
    }
  }

  static void on_pong(void*) {
    round_trips_.push_back(static_cast<double>(now_ns() - sent_at_));
    if (static_cast<long>(round_trips_.size()) == sends_) {
      last_ = true;
      loop_->async_send(async_);
      peer_->stop();
      return;
    }
    sent_at_ = now_ns();
    loop_->async_send(async_);
  }

  static int produce(const args& options) {
    sends_ = options.number("count", 300'000);
    const bool posts = options.is("mode", "post");
    if (posts) {
      loop_->template async_init<on_tasks>(async_, nullptr);
    } else {
      loop_->template async_init<on_send>(async_, nullptr);
    }
    if (const long batch = options.number("batch", 0); batch > 0) {
      return count(posts, batch);
    }
    std::uint64_t start = 0;
    std::thread producer([posts, &start] {
      pin(cpu2_);
      usleep(10'000);  // until the loop sleeps
      start = now_ns();
      posts ? post_all() : send_all();
    });
    loop_->run();
    const auto total = static_cast<double>(now_ns() - start);
    producer.join();
    report(posts ? "task_ns" : "send_ns", total / static_cast<double>(sends_));
    report("callbacks", static_cast<double>(calls_));
    return 0;
  }

  static int count(bool posts, long batch) {
    const long rounds = std::exchange(sends_, -1) / batch;
    for (int i = 0; i < 100; ++i) round(posts, batch);
    region measured;
    for (long i = 0; i < rounds; ++i) round(posts, batch);
    report(posts ? "task_ns" : "send_ns",
           measured.end() / static_cast<double>(rounds * batch));
    return 0;
  }

  static void round(bool posts, long batch) {
    const long called = calls_, done = done_;
    for (long i = 0; i < batch; ++i) {
      posts ? post(on_task, nullptr) : loop_->async_send(async_);
    }
    while (posts ? done_ < done + batch : calls_ == called) loop_->poll();
  }

  static void send_all() {
    for (long i = 1; i < sends_; ++i) loop_->async_send(async_);
    last_.store(true, std::memory_order_release);
    loop_->async_send(async_);
  }

  static void on_send(void*) {
    ++calls_;
    if constexpr (requires { Loop::every_send_arrives; }) {
      if (calls_ == sends_) loop_->stop();
    } else {
      if (last_.load(std::memory_order_acquire)) loop_->stop();
    }
  }

  static void post_all() {
    for (long i = 0; i < sends_; ++i) post(on_task, nullptr);
  }

  static void post(function call, void* arg) {
    if constexpr (requires { loop_->post(call, arg); }) {
      loop_->post(call, arg);
    } else {
      {
        const std::lock_guard lock(mutex_);
        queue_.push_back({call, arg});
      }
      loop_->async_send(async_);
    }
  }

  static void on_tasks(void*) {
    ++calls_;
    {
      const std::lock_guard lock(mutex_);
      running_.swap(queue_);
    }
    for (const task& each : running_) each.call(each.arg);
    running_.clear();
  }

  static void on_task(void*) {
    if (++done_ == sends_) loop_->stop();
  }

  static inline Loop* loop_;
  static inline Loop* peer_;
  static inline typename Loop::async async_, back_;
  static inline long cpu2_, sends_, calls_, done_;
  static inline std::atomic<bool> last_, ready_;
  static inline std::mutex mutex_;
  static inline std::vector<task> queue_, running_;
  static inline std::vector<double> round_trips_;
  static inline std::uint64_t sent_at_;
};

template <class Loop>
int w4(const args& options) {
  if constexpr (requires { typename Loop::async; }) {
    return wakeup<Loop>::run(options);
  } else {
    return unsupported();
  }
}

}  // namespace bench
