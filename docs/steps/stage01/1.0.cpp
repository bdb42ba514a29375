#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <vector>

static std::map<int, void (*)()> callbacks;  // by descriptor
static int admin[2], guest[2];  // two clients: our end and theirs of each

static void serve_guest() {
  char c;
  const bool spoke = ::recv(guest[0], &c, 1, MSG_DONTWAIT) == 1;
  std::printf("guest: %s\n", spoke ? "speaks" : "called, but has said nothing");
  callbacks.erase(guest[0]);
}

static void serve_admin() {
  std::puts("admin: throws the guest out, and another one comes");
  callbacks.clear(), ::close(guest[0]);
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, guest) != 0) return;
  callbacks[guest[0]] = serve_guest;
}

int main() {
  for (int* one : {admin, guest}) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, one) != 0) return 1;
    if (::write(one[1], "!", 1) != 1) return 1;  // each of the two speaks
  }
  callbacks = {{admin[0], serve_admin}, {guest[0], serve_guest}};
  while (!callbacks.empty()) {  // the loop
    std::vector<pollfd> set;
    for (const auto& one : callbacks) set.push_back({one.first, POLLIN, 0});
    if (::poll(set.data(), set.size(), -1) < 0) return 1;
    for (const pollfd& p : set) {
      if (p.revents && callbacks.contains(p.fd)) callbacks[p.fd]();
    }
  }
}
