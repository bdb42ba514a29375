/// \file
/// A base that GLib's main loop serves: what is due in the base is called, in
/// whichever way it becomes so, and GLib sleeps meanwhile.

#include <glib.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include "evolve/event_base.h"
#include "evolve/eventop.h"

namespace {

using namespace std::chrono_literals;
using evolve::event;
using evolve::event_base;
using evolve::loop_flags;
using evolve::what;

// A source of GLib's that stands for a base. GLib makes the memory.
struct source {
  GSource own;  // GLib's part of it
  event_base* base;
  GPollFD watched;
  int turns;  // how often the base was served
};

source& of(GSource* given) {
  return *reinterpret_cast<source*>(given);
}

gboolean prepare(GSource* given, gint* timeout) {
  *timeout = evolve::timeout_ms(of(given).base->begin_wait());
  return *timeout == 0;
}

gboolean dispatch(GSource* given, GSourceFunc, gpointer) {
  ++of(given).turns;
  of(given).base->loop(loop_flags::nonblock);
  return G_SOURCE_CONTINUE;
}

// When the wait has been long enough, GLib dispatches by what prepare() said;
// otherwise by the descriptor.
gboolean check(GSource* given) {
  return of(given).watched.revents != 0 || of(given).base->begin_wait() == 0ns;
}

GSourceFuncs functions = {prepare, check, dispatch, nullptr, nullptr, nullptr};

int failures = 0;

void expect(bool right, const char* promise) {
  if (right) return;
  std::printf("not so: %s\n", promise);
  ++failures;
}

void serve(event_base& base, GMainLoop* loop) {
  GSource* const made = g_source_new(&functions, sizeof(source));
  of(made).base = &base;
  of(made).turns = 0;
  of(made).watched = {base.backend_fd(), G_IO_IN, 0};
  g_source_add_poll(made, &of(made).watched);
  g_source_attach(made, nullptr);
  g_main_loop_run(loop);
  expect(of(made).turns < 100, "GLib sleeps while there is nothing to do");
  g_source_destroy(made);
  g_source_unref(made);
}

// A base that waits for one of each kind, each after the one before.
class guest {
 public:
  explicit guest(GMainLoop* loop) : loop_(loop) {
    expect(::pipe(ends_) == 0, "there is a pipe");
    reads_.emplace(base, ends_[0], what::read, [this] { note("read"); });
    usr1_.add();
    reads_->add();
    tick_.add(50ms);
    expect(::write(ends_[1], "x", 1) == 1, "it takes a byte");
  }
  ~guest() {
    worker_.join();
    for (const int end : ends_) ::close(end);
  }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;

  event_base base;
  std::string trace;  // the events that were called

 private:
  void note(const char* called) { trace += std::string(called) + ' '; }

  void tick() {
    note("timer");
    ::raise(SIGUSR1);
  }

  void start_worker() {
    note("signal");
    worker_ = std::thread([this] { base.post([this] { leave(); }); });
  }

  void leave() {
    note("post");
    g_main_loop_quit(loop_);
  }

  GMainLoop* loop_;
  int ends_[2];
  std::optional<event> reads_;
  event usr1_ = event::signal(base, SIGUSR1, [this] { start_worker(); });
  event tick_ = event::timer(base, [this] { tick(); });
  std::thread worker_;
};

}  // namespace

int main() {
  GMainLoop* const loop = g_main_loop_new(nullptr, FALSE);
  {
    guest served(loop);
    serve(served.base, loop);
    expect(served.trace == "read timer signal post ", "all is called in order");
    if (failures > 0) std::printf("called: %s\n", served.trace.c_str());
  }
  g_main_loop_unref(loop);
  return failures == 0 ? 0 : 1;
}
