/// \file
/// The other side of W5: bare epoll, one message on its way on each connection.
/// Writes 'S' and 'E' on its standard output when it begins to measure, and at
/// the end.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench.h"

namespace {

using namespace bench;

struct connection {
  int fd;
  std::size_t echoed = 0;  // of the message that is on its way
};

class client {
 public:
  explicit client(const args& options)
      : message_(options.size("size", 64), 'x'),
        connections_(options.size("conns", 100)) {
    for (connection& each : connections_) connect_to(options, each);
  }

  // For how long it measures, after it has warmed up.
  int run(std::uint64_t window_ns) {
    for (const connection& each : connections_) send(each);
    const std::uint64_t begin = now_ns() + window_ns / 5 + 50'000'000;
    bool began = false;
    std::vector<epoll_event> events(1024);
    for (;;) {
      const int n = epoll_wait(epoll_, events.data(), 1024, 1000);
      if (n <= 0) break;  // the server is stuck
      const std::uint64_t now = now_ns();
      if (!began && now > begin) began = tell('S');
      if (now > begin + window_ns) break;
      for (int k = 0; k < n; ++k) {
        const epoll_event& ready = events[static_cast<std::size_t>(k)];
        receive(*static_cast<connection*>(ready.data.ptr));
      }
    }
    return tell('E') ? 0 : 1;
  }

 private:
  void connect_to(const args& options, connection& it) {
    it.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(options.number("port", 0)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(it.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) !=
        0) {
      die("connect");
    }
    const int one = 1;
    setsockopt(it.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    set_nonblocking(it.fd);
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.ptr = &it;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, it.fd, &interest);
  }

  void send(const connection& it) const {
    if (write(it.fd, message_.data(), message_.size()) !=
        static_cast<ssize_t>(message_.size())) {
      die("write to the server");
    }
  }

  void receive(connection& it) const {
    char buffer[4096];
    const ssize_t size = read(it.fd, buffer, sizeof buffer);
    if (size <= 0) return;
    it.echoed += static_cast<std::size_t>(size);
    if (it.echoed < message_.size()) return;
    it.echoed -= message_.size();
    send(it);
  }

  static bool tell(char word) { return write(STDOUT_FILENO, &word, 1) == 1; }

  int epoll_ = epoll_create1(0);
  std::vector<char> message_;
  std::vector<connection> connections_;
};

}  // namespace

int main(int argc, char** argv) {
  const args options(argc - 1, argv + 1);
  pin(options.number("cpu", 1));
  want_descriptors(options.size("conns", 100) + 100);
  client it(options);
  return it.run(options.size("ms", 1000) * 1'000'000);
}
