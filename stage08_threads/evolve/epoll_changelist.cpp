#ifdef __linux__

#include "evolve/epoll_changelist.h"

namespace evolve {

void epoll_changelist::add(int fd, what old, what now) {
  if (!any(old) && !noted_.has(fd)) return add_first(fd, now);
  if (noted_.note(fd, old, now)) overflow();
}

void epoll_changelist::add_first(int fd, what now) {
  reserve(fd);
  noted_.reserve(fd, 64);  // enough for most programs' turns
  epoll::add(fd, what::none, now);
}

void epoll_changelist::del(int fd, what old, what now) noexcept {
  if (!watches(fd) && !noted_.has(fd)) return;
  if (noted_.note(fd, old, now)) overflow();
}

// A deletion must not fail: where there is no room for more, the kernel is told
// at once of what there is.
void epoll_changelist::overflow() noexcept {
  room_ = 2 * noted_.changes().size();
  tell();
}

void epoll_changelist::tell() noexcept {
  for (const changelist::change& c : noted_.changes()) {
    if (c.now == c.old && !c.doubted) continue;
    if (c.doubted) doubt(c.fd);
    if (const int error = apply(c.fd, c.old, c.now)) lose(c.fd, error);
  }
  noted_.clear();
}

void epoll_changelist::prepare() {
  if (!noted_.changes().empty()) {
    tell();
    noted_.make_room(room_);
  }
  epoll::prepare();
}

// What is noted by now has changed during the wait, and what is said of it may
// be said of another file. What is left out comes again, since the kernel will
// be asked about it.
void epoll_changelist::drop_outdated() noexcept {
  if (noted_.changes().empty()) return;
  std::erase_if(ready_, [this](const ready& r) {
    return r.error == 0 ? noted_.ended(r.fd) : noted_.doubt(r.fd);
  });
}

}  // namespace evolve

#endif
