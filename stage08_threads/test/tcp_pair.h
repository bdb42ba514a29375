/// \file
/// Two ends of a TCP connection, for tests of what only that can do.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "evolve/unique_fd.h"

namespace evolve {

/// A socket on the loopback, at a port that is free.
struct tcp_socket {
  tcp_socket() : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd.get(), where(), size) != 0 ||
        ::getsockname(fd.get(), where(), &size) != 0) {
      throw std::system_error(errno, std::generic_category(), "bind");
    }
  }

  /// Its address, as the system wants it.
  sockaddr* where() { return reinterpret_cast<sockaddr*>(&address); }

  unique_fd fd;
  sockaddr_in address{};
};

/// A connection; `a` does not block.
class tcp_pair {
 public:
  tcp_pair() {
    tcp_socket listener;
    ::listen(listener.fd.get(), 1);
    if (::connect(a_.fd.get(), listener.where(), sizeof listener.address)) {
      throw std::system_error(errno, std::generic_category(), "connect");
    }
    b_ = unique_fd(::accept(listener.fd.get(), nullptr, nullptr));
    ::fcntl(a_.fd.get(), F_SETFL, O_NONBLOCK);
  }

  int a() const { return a_.fd.get(); }
  int b() const { return b_.get(); }

  /// Ends it so that `a` gets an error.
  void reset_b() {
    const linger at_once{1, 0};
    ::setsockopt(b(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    b_ = unique_fd();
  }

 private:
  tcp_socket a_;
  unique_fd b_;
};

}  // namespace evolve
