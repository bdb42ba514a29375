/// \file
/// echo [PORT]: sends back to every client what it sends.
///
/// What a server that never blocks has to do: serve many clients at once, keep
/// what could not be written, wait for room only while there is something to
/// write, not read from peers that do not read, and survive whatever they do.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
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

// Whether a read or a write has only come too early.
bool not_yet(int error) {
  return error == EAGAIN || error == EINTR;
}

// Whether the loop still watches an event that it has told this: if not, the
// event would wait for ever, as a read that only comes too early would, too.
bool watched(what fired) {
  return fired != what::unwatched;
}

// Whether a call has failed for want of descriptors or memory.
bool exhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

class server;

// One client. It reads a piece and writes it back, and reads no more until all
// of it is written: it waits for one or for the other. So a client that does
// not read makes itself wait, not the server grow; and the end of what a client
// sends is met when nothing is left to send back.
class connection {
 public:
  connection(server& owner, event_base& base, unique_fd client);

 private:
  void receive();
  void send();
  void give_up();
  void wait();

  server& owner_;
  unique_fd fd_;  // above the events: closed when none waits on it
  event readable_;  // added while all bytes are written
  event writable_;  // added while bytes are left to write
  std::array<char, 16384> buffer_;
  std::span<const char> unsent_;  // bytes of it that are left to write
};

// Accepts clients and owns their connections.
class server {
 public:
  server(event_base& base, std::uint16_t port);

  // The port, also when the system has chosen it.
  std::uint16_t port() const;

  // Closes and destroys a connection; which may be the caller.
  void drop(int fd);

 private:
  void accept(what fired);
  void accept_failed();

  event_base& base_;
  unique_fd listener_;
  event acceptable_;
  std::unordered_map<int, connection> connections_;  // by descriptor
};

connection::connection(server& owner, event_base& base, unique_fd client)
    : owner_(owner),
      fd_(std::move(client)),
      readable_(base, fd_.get(), what::read | what::persist,
                [this](what fired) { watched(fired) ? receive() : give_up(); }),
      writable_(base, fd_.get(), what::write | what::persist,
                [this](what fired) { watched(fired) ? send() : give_up(); }) {
  wait();
}

// drop() destroys this connection, and with it the event whose callback this
// is. That is allowed: the loop has copied the callback and does not look at
// the event again. Only nothing here may touch the connection afterwards.
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
  }
  wait();
}

void connection::give_up() {
  owner_.drop(fd_.get());
}

// A socket has room nearly always: an event for it without need would be
// called in every turn. To add what is added, or delete what is not, is free.
void connection::wait() {
  event& next = unsent_.empty() ? readable_ : writable_;
  event& other = unsent_.empty() ? writable_ : readable_;
  other.del();
  next.add();
}

server::server(event_base& base, std::uint16_t port)
    : base_(base),
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

void server::drop(int fd) {
  connections_.erase(fd);
  acceptable_.add();  // it may have paused for want of a descriptor
}

// One client in each turn: the loop comes back for the next, and those that
// have been accepted get their turn in between.
void server::accept(what fired) {
  if (!watched(fired)) throw std::runtime_error("cannot listen any more");
  unique_fd client(::accept(listener_.get(), nullptr, nullptr));
  const int fd = client.get();
  if (fd < 0) return accept_failed();
  set_nonblocking(fd);
  connections_.try_emplace(fd, *this, base_, std::move(client));
}

// For want of a descriptor, clients have to wait in the kernel's queue until a
// connection ends; and since the loop would tell of them in every turn, we do
// not listen meanwhile. Without any connection, there is no end to wait for.
void server::accept_failed() {
  if (!exhausted(errno)) return;  // the client is gone: on to the next
  if (connections_.empty()) fail("cannot accept clients");
  acceptable_.del();
}

void run(std::uint16_t port) {
  event_base base;
  server echo(base, port);
  std::cout << "listening on 127.0.0.1:" << echo.port() << '\n' << std::flush;
  base.dispatch();
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return port;
}

int usage(const std::string& trouble) {
  std::cerr << "echo: " << trouble << "\nusage: echo [PORT]\n";
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
    std::cerr << "echo: " << error.what() << '\n';
    return 1;
  }
}
