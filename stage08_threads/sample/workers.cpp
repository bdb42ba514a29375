/// \file
/// workers [PORT]: an echo server with a loop for each core, until Ctrl-C.
///
/// Each loop has a thread and a listening socket of its own; all sockets have
/// the same port, and the kernel deals the connections out (SO_REUSEPORT). The
/// loops share nothing. What one has to say to another, it posts.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "evolve/event_base.h"
#include "evolve/unique_fd.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::unique_fd;
using evolve::what;

[[noreturn]] void fail(const std::string& tried) {
  throw std::system_error(errno, std::generic_category(), tried);
}

void set_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    fail("cannot make a socket non-blocking");
  }
}

unique_fd listen_on(std::uint16_t port) {
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  unique_fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  if (!fd ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof address) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    fail("cannot listen on 127.0.0.1:" + std::to_string(port));
  }
  set_nonblocking(fd.get());
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("cannot tell the port");
  }
  return ntohs(address.sin_port);
}

// Whether a read or a write has only come too early.
bool not_yet(int error) {
  return error == EAGAIN || error == EINTR;
}

// Whether the loop still watches an event that it tells this.
bool watched(what fired) {
  return fired != what::unwatched;
}

constexpr std::chrono::milliseconds pause(50);

class worker;

// One client: it reads a piece, writes it back, and reads no more until all of
// it is written.
class connection {
 public:
  connection(worker& owner, event_base& base, unique_fd client);

 private:
  void receive();
  void send();
  void give_up();
  void wait();

  worker& owner_;
  unique_fd fd_;  // above the events: closed when none waits on it
  event readable_;  // added while all bytes are written
  event writable_;  // added while bytes are left to write
  std::array<char, 4096> buffer_;
  std::span<const char> unsent_;  // bytes of it that are left to write
};

// A loop, with all that belongs to it. Only post() and the constructor may be
// called by another thread than its own.
class worker {
 public:
  explicit worker(std::uint16_t port)
      : listener_(listen_on(port)),
        acceptable_(base_, listener_.get(), what::read | what::persist,
                    [this](what fired) { accept(fired); }),
        again_(event::timer(base_, [this] { acceptable_.add(); })) {
    base_.make_notifiable();
    acceptable_.add();
  }

  event_base& base() { return base_; }
  std::uint16_t port() const { return port_of(listener_.get()); }
  void run() { base_.dispatch(); }
  void stop() {
    base_.post([this] { base_.loopexit(); });
  }

  void drop(int fd) { connections_.erase(fd); }
  void count(ssize_t bytes) { bytes_ += static_cast<std::uint64_t>(bytes); }

  std::string report() const {
    return std::to_string(accepted_) + " connections, " +
           std::to_string(bytes_) + " bytes";
  }

 private:
  void accept(what fired);

  event_base base_;
  unique_fd listener_;
  event acceptable_;
  event again_;  // ends a pause, in which there was no descriptor
  std::unordered_map<int, std::unique_ptr<connection>> connections_;
  std::uint64_t accepted_ = 0;  // connections so far
  std::uint64_t bytes_ = 0;  // sent back
};

connection::connection(worker& owner, event_base& base, unique_fd client)
    : owner_(owner),
      fd_(std::move(client)),
      readable_(base, fd_.get(), what::read | what::persist,
                [this](what fired) { watched(fired) ? receive() : give_up(); }),
      writable_(base, fd_.get(), what::write | what::persist,
                [this](what fired) { watched(fired) ? send() : give_up(); }) {
  wait();
}

// drop() destroys this connection: nothing here may touch it afterwards.
void connection::receive() {
  const ssize_t n = ::read(fd_.get(), buffer_.data(), buffer_.size());
  if (n > 0) {
    unsent_ = {buffer_.data(), static_cast<std::size_t>(n)};
    send();
  } else if (n == 0 || !not_yet(errno)) {
    owner_.drop(fd_.get());
  }
}

void connection::send() {
  const ssize_t n = ::write(fd_.get(), unsent_.data(), unsent_.size());
  if (n < 0 && !not_yet(errno)) return owner_.drop(fd_.get());
  if (n > 0) {
    unsent_ = unsent_.subspan(static_cast<std::size_t>(n));
    owner_.count(n);
  }
  wait();
}

void connection::give_up() {
  owner_.drop(fd_.get());
}

void connection::wait() {
  event& next = unsent_.empty() ? readable_ : writable_;
  event& other = unsent_.empty() ? writable_ : readable_;
  other.del();
  next.add();
}

// For want of a descriptor, clients have to wait; and since it may be another
// loop's connection that ends, this one tries again after a while.
void worker::accept(what fired) {
  if (!watched(fired)) return again_.add(pause);
  unique_fd client(::accept(listener_.get(), nullptr, nullptr));
  if (!client) {
    const bool exhausted = errno == EMFILE || errno == ENFILE ||
                           errno == ENOBUFS || errno == ENOMEM;
    if (!exhausted) return;  // the client is gone: on to the next
    acceptable_.del();
    return again_.add(pause);
  }
  set_nonblocking(client.get());
  const int fd = client.get();
  connections_[fd] =
      std::make_unique<connection>(*this, base_, std::move(client));
  ++accepted_;
}

// As many descriptors as one may have. How many that are.
rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
  rlimit most{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &most) == 0) limit = most;
  return limit.rlim_cur;
}

// The first socket may get any port, the others take the same.
std::vector<std::unique_ptr<worker>> make_workers(std::uint16_t port) {
  std::vector<std::unique_ptr<worker>> workers;
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < cores; ++i) {
    workers.push_back(std::make_unique<worker>(port));
    port = workers.front()->port();
  }
  return workers;
}

// The first loop runs in this thread, and hears Ctrl-C for all. If one fails,
// all end.
void run(std::uint16_t port) {
  const rlim_t descriptors = raise_descriptor_limit();
  const auto workers = make_workers(port);
  const auto stop = [&workers] {
    for (const auto& each : workers) each->stop();
  };
  event_base& first = workers.front()->base();
  event interrupt = event::signal(first, SIGINT, stop);
  event terminate = event::signal(first, SIGTERM, stop);
  interrupt.add();
  terminate.add();
  std::cout << "listening on 127.0.0.1:" << workers.front()->port() << '\n'
            << workers.size() << " loops, each by " << first.method() << "; "
            << descriptors << " descriptors at most\n"
            << std::flush;
  const auto run_one = [&stop](worker& each) {
    try {
      each.run();
    } catch (...) {
      stop();
      throw;
    }
  };
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < workers.size(); ++i) {
    others.push_back(
        std::async(std::launch::async, run_one, std::ref(*workers[i])));
  }
  run_one(*workers.front());
  for (std::future<void>& other : others) other.get();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    std::cout << "loop " << i + 1 << " served " << workers[i]->report() << '\n';
  }
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return port;
}

int usage(const std::string& trouble) {
  std::cerr << "workers: " << trouble << "\nusage: workers [PORT]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return usage("too many arguments");
  const std::string_view wanted = argc == 2 ? argv[1] : "0";
  const auto port = parse_port(wanted);
  if (!port) {
    return usage("PORT is a number from 0 to 65535, not '" +
                 std::string(wanted) + "'");
  }
  ::signal(SIGPIPE, SIG_IGN);  // a client that is gone is write()'s error
  try {
    run(*port);
  } catch (const std::exception& error) {
    std::cerr << "workers: " << error.what() << '\n';
    return 1;
  }
}
