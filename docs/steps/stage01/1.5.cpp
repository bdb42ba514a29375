#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "evolve/event_base.h"

using namespace evolve;

static event_base base;
static std::optional<event> on_admin, on_guest;
static int admin[2], guest[2];  // two clients: our end and theirs of each

static void serve_guest(int fd, what) {
  char c;
  const bool spoke = ::recv(fd, &c, 1, MSG_DONTWAIT) == 1;
  std::printf("guest: %s\n", spoke ? "speaks" : "called, but has said nothing");
}

static void serve_admin(int fd, what) {
  char c;
  if (::read(fd, &c, 1) != 1) return;
  if (c == '2' && ::write(guest[1], "!", 1) == 1) return;  // the new one speaks
  std::puts("admin: throws the guest out, and another one comes");
  on_admin->add();
  on_guest.reset(), ::close(guest[0]);
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, guest) != 0) return;
  on_guest.emplace(base, guest[0], what::read, serve_guest).add();
}

int main() {
  for (int* one : {admin, guest}) {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, one) != 0) return 1;
    if (::write(one[1], "12", 2) != 2) return 1;  // each of the two speaks
  }
  on_admin.emplace(base, admin[0], what::read, serve_admin).add();
  on_guest.emplace(base, guest[0], what::read, serve_guest).add();
  base.dispatch();
}
