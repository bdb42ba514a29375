/// \file
/// idle [PORT [MS]]: sends back what it is sent, and drops a client that says
/// nothing for MS milliseconds.
///
/// For small messages, as in a chat: it keeps nothing that could not be written
/// at once, and drops a client that does not read either.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "evolve/event_base.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::what;
using std::chrono::milliseconds;

[[noreturn]] void fail(const char* tried) {
  throw std::system_error(errno, std::generic_category(), tried);
}

// A descriptor, closed when its owner goes.
class unique_fd {
 public:
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}
  ~unique_fd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }

 private:
  int fd_;  // -1 when it has been given away
};

// Readiness is a hint that may be outdated when it is used: a client that was
// waiting can be gone. So no call may block, ready or not.
void set_nonblocking(int fd) {
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    fail("cannot make a socket non-blocking");
  }
}

unique_fd listen_on(std::uint16_t port) {
  const std::string tried =
      "cannot listen on 127.0.0.1:" + std::to_string(port);
  const int on = 1;  // take the port though old connections linger on it
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  unique_fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  if (fd.get() < 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof address) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    fail(tried.c_str());
  }
  set_nonblocking(fd.get());
  return fd;
}

// Whether a call has failed for want of descriptors or memory.
bool exhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

class server;

// A peer that may not be silent for long.
class client {
 public:
  client(server& owner, event_base& base, unique_fd connection,
         milliseconds patience);

 private:
  unique_fd fd_;  // above the event: closed when it waits no more
  event readable_;  // with a timeout
};

// Accepts clients, serves and drops them.
class server {
 public:
  server(event_base& base, std::uint16_t port, milliseconds patience);

  // The port, also when the system has chosen it.
  std::uint16_t port() const;

  // To be called when the client on `fd` has said something, or nothing.
  void serve(int fd, what fired);

 private:
  void accept(what fired);
  void drop(int fd, const char* reason);

  event_base& base_;
  milliseconds patience_;  // how long a client may say nothing
  unique_fd listener_;
  event acceptable_;
  std::unordered_map<int, client> clients_;  // by descriptor
};

// The event is persistent, and so its timeout starts anew with each call: there
// is nothing else to do about it.
client::client(server& owner, event_base& base, unique_fd connection,
               milliseconds patience)
    : fd_(std::move(connection)),
      readable_(base, fd_.get(), what::read | what::persist,
                [&owner](int fd, what fired) { owner.serve(fd, fired); }) {
  readable_.add(patience);
}

server::server(event_base& base, std::uint16_t port, milliseconds patience)
    : base_(base),
      patience_(patience),
      listener_(listen_on(port)),
      acceptable_(base, listener_.get(), what::read | what::persist,
                  [this](what fired) { accept(fired); }) {
  acceptable_.add();
}

std::uint16_t server::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                    &size) != 0) {
    fail("cannot tell the port");
  }
  return ntohs(address.sin_port);
}

// Without a free descriptor we do not listen until a client is gone.
void server::accept(what fired) {
  if (fired == what::unwatched) {
    throw std::runtime_error("cannot listen any more");
  }
  unique_fd connection(::accept(listener_.get(), nullptr, nullptr));
  const int fd = connection.get();
  if (fd >= 0) {
    set_nonblocking(fd);
    clients_.try_emplace(fd, *this, base_, std::move(connection), patience_);
  } else if (exhausted(errno)) {
    if (clients_.empty()) fail("cannot accept clients");
    acceptable_.del();
  }
}

// Data and timeout can come in the same turn; a client that has spoken stays.
void server::serve(int fd, what fired) {
  if (fired == what::unwatched) return drop(fd, "cannot be watched: dropped");
  if (!any(fired & what::read)) return drop(fd, "said nothing: dropped");
  std::array<char, 4096> message;
  const ssize_t n = ::read(fd, message.data(), message.size());
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return drop(fd, "has left");
  if (::write(fd, message.data(), static_cast<std::size_t>(n)) != n) {
    drop(fd, "does not read: dropped");
  }
}

// Destroys the event whose callback is being called, which is allowed.
void server::drop(int fd, const char* reason) {
  clients_.erase(fd);
  acceptable_.add();
  std::cout << "client " << fd << ' ' << reason << '\n' << std::flush;
}

void run(std::uint16_t port, milliseconds patience) {
  event_base base;
  server idle(base, port, patience);
  std::cout << "listening on 127.0.0.1:" << idle.port() << '\n' << std::flush;
  base.dispatch();
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

int usage(const char* trouble) {
  std::cerr << "idle: " << trouble << "\nusage: idle [PORT [MS]]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3) return usage("too many arguments");
  const auto port = parse<std::uint16_t>(argc > 1 ? argv[1] : "0");
  const auto ms = parse<std::uint32_t>(argc > 2 ? argv[2] : "10000");
  if (!port) return usage("PORT is a number from 0 to 65535");
  if (!ms || *ms == 0) return usage("MS is a number of milliseconds, above 0");
  ::signal(SIGPIPE, SIG_IGN);  // a client that is gone is write()'s error
  try {
    run(*port, milliseconds(*ms));
  } catch (const std::exception& error) {
    std::cerr << "idle: " << error.what() << '\n';
    return 1;
  }
}
