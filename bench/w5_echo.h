/// \file
/// W5, an echo server on TCP. This process, on `--cpu`, echoes messages of
/// `--size` bytes on `--conns` connections; the program `client`, on `--cpu2`,
/// has one message on its way on each.
///
///   --idle 1   each connection has an idle timeout of 60 s, which each message
///              moves
///   --loops 2  a second loop, in a thread of its own on the next processor,
///              which the kernel gives half of the connections
///
/// Reports, for the `--ms` in which the client measures: cpu_ns, the processor
/// time of the server for each message; msg_per_s; messages.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>

#include "idle_timeout.h"

namespace bench {

/// What the servers count, and what is reported of it.
class echo_stats {
 public:
  /// A message was echoed by this thread.
  static void count() { ++messages_; }

  /// Takes the client's word from `fd`: 'S', the start of its window, or 'E',
  /// the end. Whether it was the end; a loop may ask again before it stops.
  static bool mark(int fd) {
    if (ended_) return true;
    char word;
    if (read(fd, &word, 1) != 1) die("the client's word");
    CALLGRIND_TOGGLE_COLLECT;
    if (word == 'S') {
      start_messages_ = total();
      start_cpu_ = process_cpu_ns();
      start_ = now_ns();
      return false;
    }
    if (start_ == 0) die("the client gave up");
    ended_ = true;
    const auto ns = static_cast<double>(now_ns() - start_);
    const auto cpu = static_cast<double>(process_cpu_ns() - start_cpu_);
    const auto messages = static_cast<double>(total() - start_messages_);
    report("cpu_ns", cpu / messages);
    report("msg_per_s", messages * 1e9 / ns);
    report("messages", messages);
    return true;
  }

  /// The second thread says where it counts.
  static void also() { second_ = &messages_; }

 private:
  static long total() {
    const long* second = second_;
    return messages_ +
           (second == nullptr ? 0 : *const_cast<const volatile long*>(second));
  }

  static inline constinit thread_local long messages_ = 0;
  static inline std::atomic<const long*> second_;
  static inline long start_messages_;
  static inline std::uint64_t start_cpu_, start_;
  static inline bool ended_;
};

/// A socket that listens on `port` of the loopback, or on a free one for 0.
inline int listener(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 4096) != 0) {
    die("listen");
  }
  return fd;
}

inline std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// A connection that waits at `fd`, or -1.
inline int accept_connection(int fd) {
  const int accepted = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK);
  const int one = 1;
  if (accepted >= 0) {
    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  return accepted;
}

/// Starts the client, which connects to `port`; returns where it tells of its
/// window. It is the program beside this one.
inline int start_client(const args& options, std::uint16_t port) {
  int ends[2];
  if (pipe(ends) != 0) die("pipe");
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  std::string program(self, static_cast<std::size_t>(std::max(size, 0l)));
  program.replace(program.rfind('/') + 1, std::string::npos, "client");
  const std::string port_text = std::to_string(port);
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(program.c_str(), program.c_str(), "--port", port_text.c_str(),
          "--conns", options.text("conns", "100"), "--size",
          options.text("size", "64"), "--ms", options.text("ms", "1000"),
          "--cpu", options.text("cpu2", "1"), nullptr);
    die(program.c_str());
  }
  close(ends[1]);
  set_nonblocking(ends[0]);
  return ends[0];
}

/// The server on an event loop: one in each thread.
template <class Loop, bool Idle>
class echo {
 public:
  explicit echo(const args& options, int listening)
      : loop_(*new Loop(options)),
        listener_(listening),
        connections_(options.size("conns", 100) + 8),
        ios_(connections_.size()) {
    self = this;
    loop_.template io_init<on_accept>(accept_, listener_, nullptr);
    loop_.io_start(accept_);
  }

  /// Until the client's window ends.
  static int run(const args& options) {
    const int first = listener(0);
    const std::uint16_t port = port_of(first);
    std::atomic<bool> listening = options.number("loops", 1) == 1;
    if (!listening) {
      std::thread(second_loop, options, listener(port), &listening).detach();
    }
    echo server(options, first);
    while (!listening) {
    }
    server.obey(start_client(options, port));
    server.loop_.run();
    return 0;
  }

 private:
  template <bool Timed, class Unused = void>
  struct held : std::type_identity<typename Loop::io> {};
  template <class Unused>
  struct held<true, Unused> : io_timeout_of<Loop> {};
  using io = typename held<Idle>::type;

  struct connection {
    int fd;
  };
  static constexpr std::int64_t idle_us = 60'000'000;

  static void second_loop(args options, int listening,
                          std::atomic<bool>* ready) {
    pin(options.number("cpu", 0) + 1);
    echo_stats::also();
    echo server(options, listening);
    *ready = true;
    server.loop_.run();
  }

  void obey(int control) {
    loop_.template io_init<on_control>(control_, control, &control_fd_);
    control_fd_ = control;
    loop_.io_start(control_);
  }

  static void on_control(void* arg) {
    if (echo_stats::mark(*static_cast<int*>(arg))) self->loop_.stop();
  }

  static void on_accept(void*) {
    for (;;) {
      const int fd = accept_connection(self->listener_);
      if (fd < 0) return;
      self->serve(self->used_++, fd);
    }
  }

  void serve(std::size_t i, int fd) {
    connections_[i].fd = fd;
    if constexpr (Idle) {
      io_timeout_init<on_read>(loop_, ios_[i], fd, &connections_[i]);
      io_timeout_start(loop_, ios_[i], idle_us);
    } else {
      loop_.template io_init<on_read>(ios_[i], fd, &connections_[i]);
      loop_.io_start(ios_[i]);
    }
  }

  static void on_read(void* arg) {
    const connection& it = *static_cast<connection*>(arg);
    char buffer[4096];
    const ssize_t size = read(it.fd, buffer, sizeof buffer);
    if (size <= 0) {
      if (size == 0 || errno != EAGAIN) self->end(it);
      return;
    }
    if constexpr (Idle) {
      io_timeout_rearm(self->loop_, self->io_of(it), idle_us);
    }
    echo_stats::count();
    if (write(it.fd, buffer, static_cast<std::size_t>(size)) != size) {
      die("write to a client");
    }
  }

  io& io_of(const connection& it) {
    return ios_[static_cast<std::size_t>(&it - connections_.data())];
  }

  void end(const connection& it) {
    if constexpr (Idle) {
      io_timeout_stop(loop_, io_of(it));
    } else {
      loop_.io_stop(io_of(it));
    }
    close(it.fd);
  }

  static inline constinit thread_local echo* self = nullptr;

  Loop& loop_;
  int listener_;
  int control_fd_ = -1;
  std::size_t used_ = 0;
  typename Loop::io accept_, control_;
  std::vector<connection> connections_;
  std::vector<io> ios_;
};

template <class Loop>
int w5(const args& options) {
  want_descriptors(options.size("conns", 100) * 2 + 100);
  if constexpr (requires { Loop::echo_server(options); }) {
    return Loop::echo_server(options);  // its own stream layer
  } else {
    if constexpr (has_timers<Loop>) {
      if (options.number("idle", 0) != 0) return echo<Loop, true>::run(options);
    }
    if (options.number("idle", 0) != 0) return unsupported();
    return echo<Loop, false>::run(options);
  }
}

}  // namespace bench
