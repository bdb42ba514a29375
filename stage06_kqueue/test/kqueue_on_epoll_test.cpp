#if defined(__linux__) && __has_include(<sys/event.h>)

// What the BSDs' manuals promise of kqueue, asked of the stand-in for it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "test/interruptions.h"
#include "test/pair.h"
#include "test/pipe_ends.h"
#include "test/signals.h"

namespace evolve {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using events = std::vector<struct kevent>;

constexpr timespec at_once = {0, 0};

struct kevent change(int ident, int filter, int flags, unsigned fflags = 0,
                     void* udata = nullptr) {
  struct kevent made;
  EV_SET(&made, static_cast<std::uintptr_t>(ident),
         static_cast<std::int16_t>(filter), static_cast<std::uint16_t>(flags),
         fflags, 0, udata);
  return made;
}

/// A queue that is closed when it goes.
class queue {
 public:
  ~queue() { ::close(kq_); }
  queue() = default;
  queue(const queue&) = delete;
  queue& operator=(const queue&) = delete;

  int fd() const { return kq_; }

  /// One change, and no events. Returns 0 or the error.
  int apply(const struct kevent& wanted) const {
    return ::kevent(kq_, &wanted, 1, nullptr, 0, &at_once) == 0 ? 0 : errno;
  }
  int add(int ident, int filter, int flags = 0, void* udata = nullptr) const {
    return apply(change(ident, filter, EV_ADD | flags, 0, udata));
  }
  int del(int ident, int filter) const {
    return apply(change(ident, filter, EV_DELETE));
  }
  int trigger(int ident) const {
    return apply(change(ident, EVFILT_USER, 0, NOTE_TRIGGER));
  }

  /// At most `most` of the events that there are now.
  events ready(int most = 64) const { return get(most, &at_once); }

  /// Waits until there are events.
  events wait(int most = 64) const { return get(most, nullptr); }

 private:
  events get(int most, const timespec* timeout) const {
    events all(static_cast<std::size_t>(most));
    const int n = ::kevent(kq_, nullptr, 0, all.data(), most, timeout);
    EXPECT_GE(n, 0) << errno;
    all.resize(static_cast<std::size_t>(std::max(n, 0)));
    return all;
  }

  int kq_ = ::kqueue();
};

/// Makes another queue, since only then a closed one gives its signals back.
struct last_queue {
  ~last_queue() { ::close(::kqueue()); }
};

class KqueueOnEpoll : signals_restored, last_queue, public ::testing::Test {
 protected:
  queue q;
};

using filters = std::multiset<std::pair<int, int>>;

/// Which descriptors are ready, and for what.
filters what_of(const events& all) {
  filters what;
  for (const struct kevent& e : all) what.emplace(e.ident, e.filter);
  return what;
}

void put(int fd, std::string_view bytes = "x") {
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()),
            static_cast<ssize_t>(bytes.size()));
}

void drain(int fd) {
  char bytes[4096];
  while (::read(fd, bytes, sizeof bytes) > 0) continue;
}

/// A socket on the loopback, at a port that is free.
class tcp_socket {
 public:
  tcp_socket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) { bind(); }
  explicit tcp_socket(int fd) : fd_(fd) {}
  ~tcp_socket() { close(); }
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;

  int fd() const { return fd_; }
  void listen() const { ::listen(fd_, 8); }
  int accept() const { return ::accept(fd_, nullptr, nullptr); }
  void connect(const tcp_socket& to) const {
    const sockaddr_in there = to.address();
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    ::connect(fd_, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// Throws away what is not sent, and says so to the other end.
  void reset() {
    const linger at_once_and_hard = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once_and_hard,
                 sizeof at_once_and_hard);
    close();
  }

 private:
  void bind() const {
    sockaddr_in any = {};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&any), sizeof any);
  }
  sockaddr_in address() const {
    sockaddr_in own = {};
    socklen_t size = sizeof own;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
    return own;
  }

  int fd_;
};

/// Two ends of a connection.
struct tcp_pair {
  tcp_pair() {
    listener.listen();
    client.connect(listener);
    server = std::make_unique<tcp_socket>(listener.accept());
  }

  tcp_socket listener;
  tcp_socket client;
  std::unique_ptr<tcp_socket> server;
};

/// What a forked child returns.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The call

TEST_F(KqueueOnEpoll, AppliesChangesAndTellsOfEventsInOneCall) {
  const pair fds;
  fds.send("abc");
  int mine = 0;
  const auto wanted = change(fds.a(), EVFILT_READ, EV_ADD, 0, &mine);
  struct kevent got;

  ASSERT_EQ(::kevent(q.fd(), &wanted, 1, &got, 1, nullptr), 1);

  EXPECT_EQ(got.ident, static_cast<std::uintptr_t>(fds.a()));
  EXPECT_EQ(got.filter, EVFILT_READ);
  EXPECT_FALSE(got.flags & (EV_EOF | EV_ERROR));
  EXPECT_EQ(got.data, 3);
  EXPECT_EQ(got.udata, &mine);
}

TEST_F(KqueueOnEpoll, AFailedChangeIsToldOfAtOnceAndAlone) {
  const pair fds;
  fds.send();
  int mine = 0;
  const struct kevent wanted[] = {
      change(fds.a(), EVFILT_READ, EV_ADD),
      change(-1, EVFILT_WRITE, EV_ADD, 0, &mine),
  };
  struct kevent got[4];

  ASSERT_EQ(::kevent(q.fd(), wanted, 2, got, 4, nullptr), 1);

  EXPECT_EQ(got[0].ident, static_cast<std::uintptr_t>(-1));
  EXPECT_EQ(got[0].filter, EVFILT_WRITE);
  EXPECT_TRUE(got[0].flags & EV_ERROR);
  EXPECT_EQ(got[0].data, EBADF);
  EXPECT_EQ(got[0].udata, &mine);
  EXPECT_EQ(what_of(q.ready()), (filters{{fds.a(), EVFILT_READ}}));
}

TEST_F(KqueueOnEpoll, AFailedChangeDoesNotWaitWhenNothingIsReady) {
  const auto wanted = change(closed_fd(), EVFILT_READ, EV_ADD);
  struct kevent got;

  ASSERT_EQ(::kevent(q.fd(), &wanted, 1, &got, 1, nullptr), 1);

  EXPECT_TRUE(got.flags & EV_ERROR);
  EXPECT_EQ(got.data, EBADF);
}

TEST_F(KqueueOnEpoll, GoesOnAfterAFailedChange) {
  const pair fds;
  fds.send();
  const struct kevent wanted[] = {
      change(-1, EVFILT_READ, EV_ADD),
      change(fds.a(), EVFILT_READ, EV_ADD),
      change(fds.b(), EVFILT_READ, EV_DELETE),
  };
  struct kevent got[3];

  ASSERT_EQ(::kevent(q.fd(), wanted, 3, got, 3, nullptr), 2);

  EXPECT_EQ(got[0].data, EBADF);
  EXPECT_EQ(got[1].data, ENOENT);
  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, AnErrorWithoutRoomIsTheCallsOwn) {
  const struct kevent wanted[] = {
      change(-1, EVFILT_READ, EV_ADD),
      change(-1, EVFILT_WRITE, EV_ADD),
  };
  struct kevent got;

  EXPECT_EQ(::kevent(q.fd(), wanted, 1, nullptr, 0, nullptr), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_EQ(::kevent(q.fd(), wanted, 2, &got, 1, nullptr), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(KqueueOnEpoll, BothListsMayBeOneArray) {
  const pair fds;
  fds.send();
  struct kevent both[] = {
      change(fds.a(), EVFILT_READ, EV_ADD),
      change(-1, EVFILT_READ, EV_ADD),
      change(-1, EVFILT_WRITE, EV_ADD),
      change(fds.a(), EVFILT_WRITE, EV_ADD),
  };

  ASSERT_EQ(::kevent(q.fd(), both, 4, both, 4, nullptr), 2);

  EXPECT_EQ(what_of({both, both + 2}),
            (filters{{-1, EVFILT_READ}, {-1, EVFILT_WRITE}}));
  ASSERT_EQ(::kevent(q.fd(), both, 0, both, 4, nullptr), 2);
  EXPECT_EQ(what_of({both, both + 2}),
            (filters{{fds.a(), EVFILT_READ}, {fds.a(), EVFILT_WRITE}}));
}

TEST_F(KqueueOnEpoll, WithoutRoomForEventsDoesNotWait) {
  EXPECT_EQ(::kevent(q.fd(), nullptr, 0, nullptr, 0, nullptr), 0);
}

TEST_F(KqueueOnEpoll, TakesAndGivesAnyNumber) {
  const std::vector<pair> pairs(100);
  events both;
  filters expected;
  for (const pair& fds : pairs) {
    fds.send();
    for (const int filter : {EVFILT_READ, EVFILT_WRITE}) {
      both.push_back(change(fds.a(), filter, EV_ADD));
      expected.emplace(fds.a(), filter);
    }
  }
  const int size = static_cast<int>(both.size());

  ASSERT_EQ(::kevent(q.fd(), both.data(), size, both.data(), size, nullptr),
            size);

  EXPECT_EQ(what_of(both), expected);
}

TEST_F(KqueueOnEpoll, TellsOfAllThatGetReady) {
  const std::vector<pair> pairs(100);
  for (const pair& fds : pairs) q.add(fds.a(), EVFILT_READ);
  EXPECT_EQ(q.ready().size(), 0u);

  for (const pair& fds : pairs) fds.send();

  EXPECT_EQ(q.ready(200).size(), pairs.size());
}

TEST_F(KqueueOnEpoll, WithLittleRoomEveryoneGetsTheirTurn) {
  const std::vector<pair> pairs(5);
  for (const pair& fds : pairs) {
    fds.send();
    q.add(fds.a(), EVFILT_READ);
  }
  std::set<std::uintptr_t> told;

  for (std::size_t i = 0; i < pairs.size(); ++i)
    told.insert(q.wait(1)[0].ident);

  EXPECT_EQ(told.size(), pairs.size());
}

TEST_F(KqueueOnEpoll, RefusesAFilterThatThereIsNot) {
  EXPECT_EQ(q.add(0, -100), EINVAL);
}

TEST_F(KqueueOnEpoll, RefusesWhatIsNoQueue) {
  struct kevent got;
  const auto error_of = [&got](int kq) {
    return ::kevent(kq, nullptr, 0, &got, 1, &at_once) == -1 ? errno : 0;
  };
  const pair fds;
  const int kq = ::kqueue();

  EXPECT_EQ(error_of(-1), EBADF);
  EXPECT_EQ(error_of(fds.a()), EBADF);
  EXPECT_EQ(error_of(kq), 0);
  ::close(kq);
  EXPECT_EQ(error_of(kq), EBADF);
  ASSERT_EQ(::epoll_create1(EPOLL_CLOEXEC), kq);
  EXPECT_EQ(error_of(kq), EBADF);
  ::close(kq);
}

// The timeout

TEST_F(KqueueOnEpoll, AZeroTimeoutPolls) {
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, WaitsForAsLongAsTheTimeoutSays) {
  struct kevent got;
  for (const long ns : {1L, 999L, 1'000'000L, 1'500'000L}) {
    const timespec timeout = {0, ns};
    const auto begin = steady_clock::now();

    EXPECT_EQ(::kevent(q.fd(), nullptr, 0, &got, 1, &timeout), 0);

    EXPECT_GE(steady_clock::now() - begin, nanoseconds(ns));
  }
}

TEST_F(KqueueOnEpoll, AnEventEndsAnyWait) {
  const pair fds;
  q.add(fds.a(), EVFILT_READ);
  for (const time_t s : {time_t{1'000}, std::numeric_limits<time_t>::max()}) {
    const timespec timeout = {s, 999'999'999};
    struct kevent got;
    std::thread sender([&fds] { fds.send(); });

    EXPECT_EQ(::kevent(q.fd(), nullptr, 0, &got, 1, &timeout), 1);

    sender.join();
    drain(fds.a());
  }
}

TEST_F(KqueueOnEpoll, RefusesATimeoutThatIsNone) {
  struct kevent got;
  const timespec bad[] = {{-1, 0}, {0, -1}, {0, 1'000'000'000}};
  for (const timespec& timeout : bad) {
    EXPECT_EQ(::kevent(q.fd(), nullptr, 0, &got, 1, &timeout), -1);
    EXPECT_EQ(errno, EINVAL);
  }
}

TEST_F(KqueueOnEpoll, AHandlerInterruptsTheWait) {
  struct kevent got;
  const interruptions every_millisecond;

  EXPECT_EQ(::kevent(q.fd(), nullptr, 0, &got, 1, nullptr), -1);

  EXPECT_EQ(errno, EINTR);
}

// Adding and deleting filters

TEST_F(KqueueOnEpoll, ReadAndWriteOfADescriptorAreApart) {
  const pair fds;
  fds.send();
  q.add(fds.a(), EVFILT_READ);
  q.add(fds.a(), EVFILT_WRITE);

  EXPECT_EQ(what_of(q.ready()),
            (filters{{fds.a(), EVFILT_READ}, {fds.a(), EVFILT_WRITE}}));
  EXPECT_EQ(q.del(fds.a(), EVFILT_WRITE), 0);
  EXPECT_EQ(what_of(q.ready()), (filters{{fds.a(), EVFILT_READ}}));
}

TEST_F(KqueueOnEpoll, ASecondAddReplacesUdata) {
  const pair fds;
  int first = 0;
  int second = 0;
  fds.send();
  EXPECT_EQ(q.add(fds.a(), EVFILT_READ, 0, &first), 0);
  EXPECT_EQ(q.add(fds.a(), EVFILT_READ, 0, &second), 0);

  const events got = q.ready();

  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].udata, &second);
}

TEST_F(KqueueOnEpoll, ASecondAddLooksAgainAndLeavesTheMode) {
  const pair fds;
  fds.send();
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 0u);

  EXPECT_EQ(q.add(fds.a(), EVFILT_READ), 0);

  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, DeletedAndAddedInOneCallTheModeIsTheNewOne) {
  const pair fds;
  fds.send();
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  const struct kevent wanted[] = {
      change(fds.a(), EVFILT_READ, EV_DELETE),
      change(fds.a(), EVFILT_READ, EV_ADD),
  };

  EXPECT_EQ(::kevent(q.fd(), wanted, 2, nullptr, 0, nullptr), 0);

  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, OneShotIsToldOnceAndGone) {
  const pair fds;
  fds.send();
  q.add(fds.a(), EVFILT_READ, EV_ONESHOT);

  EXPECT_EQ(q.ready().size(), 1u);

  fds.send();
  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(q.del(fds.a(), EVFILT_READ), ENOENT);
}

TEST_F(KqueueOnEpoll, WhatWasNotAddedIsNotThereToDelete) {
  const pair fds;
  q.add(fds.a(), EVFILT_WRITE);

  EXPECT_EQ(q.del(fds.a(), EVFILT_READ), ENOENT);
  EXPECT_EQ(q.del(SIGUSR1, EVFILT_SIGNAL), ENOENT);
  EXPECT_EQ(q.del(1, EVFILT_USER), ENOENT);
}

TEST_F(KqueueOnEpoll, AClosedDescriptorIsBad) {
  const int fd = closed_fd();

  EXPECT_EQ(q.add(fd, EVFILT_READ), EBADF);
  EXPECT_EQ(q.add(fd, EVFILT_WRITE), EBADF);
  EXPECT_EQ(q.del(fd, EVFILT_READ), EBADF);
  EXPECT_EQ(q.add(-1, EVFILT_READ), EBADF);
}

TEST_F(KqueueOnEpoll, AnIdentIsNotCutToADescriptor) {
  const pair fds;
  auto wanted = change(fds.a(), EVFILT_WRITE, EV_ADD);
  q.apply(wanted);
  wanted.ident += std::uintptr_t{1} << 32;

  EXPECT_EQ(q.apply(wanted), EBADF);

  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, TwoQueuesAreToldOfOneDescriptor) {
  const pair fds;
  const queue other;
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  other.add(fds.a(), EVFILT_READ, EV_CLEAR);
  fds.send();

  EXPECT_EQ(q.wait().size(), 1u);
  EXPECT_EQ(other.wait().size(), 1u);
  q.del(fds.a(), EVFILT_READ);
  fds.send();
  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(other.ready().size(), 1u);
}

// Closing what is watched

TEST_F(KqueueOnEpoll, ACloseDeletes) {
  pipe_ends pipe;
  put(pipe.writer());
  const int fd = pipe.reader();
  q.add(fd, EVFILT_READ);

  pipe.close_reader();

  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(q.del(fd, EVFILT_READ), EBADF);
}

TEST_F(KqueueOnEpoll, ACloseDeletesThoughACopyIsOpen) {
  const pair fds;
  const int copy = ::dup(fds.a());
  q.add(copy, EVFILT_READ);
  q.add(copy, EVFILT_WRITE);

  ::close(copy);
  fds.send();

  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, AReusedNumberIsSilentUntilAdded) {
  const pair old;
  const pair fresh;
  const int fd = ::dup(old.a());
  q.add(fd, EVFILT_READ);
  fresh.send();
  old.send();

  ::dup2(fresh.a(), fd);  // closes it first

  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(q.del(fd, EVFILT_READ), ENOENT);
  EXPECT_EQ(q.add(fd, EVFILT_READ), 0);
  EXPECT_EQ(what_of(q.wait()), (filters{{fd, EVFILT_READ}}));
  drain(fd);
  old.send();
  EXPECT_EQ(q.ready().size(), 0u);
  ::close(fd);
}

TEST_F(KqueueOnEpoll, AReusedNumberAddedByOneQueueIsSilentForAnother) {
  const pair old;
  const pair fresh;
  const queue other;
  const int fd = ::dup(old.a());
  q.add(fd, EVFILT_READ);

  ::dup2(fresh.a(), fd);
  other.add(fd, EVFILT_READ);
  fresh.send();

  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(other.ready().size(), 1u);
  ::close(fd);
}

TEST_F(KqueueOnEpoll, ANumberReusedForAFileIsSilentUntilAdded) {
  const pair old;
  const int fd = ::dup(old.a());
  FILE* const file = std::tmpfile();
  q.add(fd, EVFILT_WRITE);

  ::dup2(::fileno(file), fd);

  EXPECT_EQ(q.ready().size(), 0u);
  ::close(fd);
  std::fclose(file);
}

// Reading and writing

TEST_F(KqueueOnEpoll, ReadIsToldOfUntilAllIsRead) {
  const pair fds;
  q.add(fds.a(), EVFILT_READ);
  EXPECT_EQ(q.ready().size(), 0u);
  fds.send("ab");

  EXPECT_EQ(q.ready()[0].data, 2);
  char byte;
  EXPECT_EQ(::read(fds.a(), &byte, 1), 1);
  EXPECT_EQ(q.ready()[0].data, 1);
  EXPECT_EQ(::read(fds.a(), &byte, 1), 1);
  EXPECT_EQ(q.ready().size(), 0u);
  fds.send();
  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, WriteIsToldOfWhileThereIsRoom) {
  const pipe_ends pipe;
  q.add(pipe.writer(), EVFILT_WRITE);
  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 1u);

  fill(pipe.writer());
  EXPECT_EQ(q.ready().size(), 0u);
  drain(pipe.reader());
  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, AddedToAFullPipeWriteFiresWhenItIsEmpty) {
  const pipe_ends pipe;
  fill(pipe.writer());
  EXPECT_EQ(q.add(pipe.writer(), EVFILT_WRITE), 0);
  EXPECT_EQ(q.ready().size(), 0u);

  drain(pipe.reader());

  EXPECT_EQ(q.wait().size(), 1u);
}

TEST_F(KqueueOnEpoll, RoomThatComesBackEndsTheWait) {
  const pipe_ends pipe;
  q.add(pipe.writer(), EVFILT_WRITE);
  for (int round = 0; round < 20; ++round) {
    fill(pipe.writer());
    std::thread reader([&pipe] { drain(pipe.reader()); });
    EXPECT_EQ(q.wait().size(), 1u);
    reader.join();
  }
}

TEST_F(KqueueOnEpoll, ClearTellsOncePerArrival) {
  const pair fds;
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  for (int round = 0; round < 3; ++round) {
    fds.send();
    EXPECT_EQ(q.ready().size(), 1u);
    EXPECT_EQ(q.ready().size(), 0u);
  }
}

TEST_F(KqueueOnEpoll, ClearTellsOfRoomThatHasComeBack) {
  const pair fds;
  q.add(fds.b(), EVFILT_WRITE, EV_CLEAR);
  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 0u);

  fill(fds.b());
  drain(fds.a());

  EXPECT_EQ(q.ready().size(), 1u);
}

TEST_F(KqueueOnEpoll, ClearedWriteIsNotToldOfWhenSomethingArrives) {
  const pair fds;
  q.add(fds.a(), EVFILT_WRITE, EV_CLEAR);
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  EXPECT_EQ(q.ready().size(), 1u);

  fds.send();

  EXPECT_EQ(what_of(q.ready()), (filters{{fds.a(), EVFILT_READ}}));
}

TEST_F(KqueueOnEpoll, AListenerIsReadyForAConnection) {
  const tcp_socket listener;
  const tcp_socket client;
  listener.listen();
  q.add(listener.fd(), EVFILT_READ);
  EXPECT_EQ(q.ready().size(), 0u);

  client.connect(listener);

  const events got = q.wait();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].data, 1);
}

TEST_F(KqueueOnEpoll, AListenerTellsHowManyWait) {
  const tcp_socket listener;
  const std::array<tcp_socket, 3> clients;
  listener.listen();
  for (const tcp_socket& client : clients) client.connect(listener);
  q.add(listener.fd(), EVFILT_READ);
  EXPECT_EQ(q.ready()[0].data, 3);

  const tcp_socket taken(listener.accept());

  EXPECT_EQ(q.ready()[0].data, 2);
}

TEST_F(KqueueOnEpoll, AFileIsReadyUntilItsEnd) {
  FILE* const file = std::tmpfile();
  const int fd = ::fileno(file);
  put(fd, "abc");
  ::lseek(fd, 0, SEEK_SET);
  ASSERT_EQ(q.add(fd, EVFILT_READ), 0);

  EXPECT_EQ(q.ready()[0].data, 3);
  EXPECT_EQ(q.ready()[0].data, 3);
  drain(fd);
  EXPECT_EQ(q.ready().size(), 0u);
  EXPECT_EQ(q.del(fd, EVFILT_READ), 0);
  std::fclose(file);
}

// The end

TEST_F(KqueueOnEpoll, TheEndComesWithWhatIsUnread) {
  for (const int flags : {0, EV_CLEAR}) {
    pair fds;
    fds.send("abc");
    fds.close_b();
    q.add(fds.a(), EVFILT_READ, flags);

    const events got = q.ready();

    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].flags & EV_EOF);
    EXPECT_EQ(got[0].data, 3);
  }
}

TEST_F(KqueueOnEpoll, TheEndOfAnEmptyPipeIsAnEvent) {
  pipe_ends pipe;
  q.add(pipe.reader(), EVFILT_READ);
  EXPECT_EQ(q.ready().size(), 0u);

  pipe.close_writer();

  for (int twice = 0; twice < 2; ++twice) {
    const events got = q.wait();
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].flags & EV_EOF);
    EXPECT_EQ(got[0].data, 0);
  }
}

TEST_F(KqueueOnEpoll, HalfAConnectionEndsForTheReaderOnly) {
  const pair fds;
  q.add(fds.a(), EVFILT_READ);
  q.add(fds.a(), EVFILT_WRITE);

  ::shutdown(fds.b(), SHUT_WR);

  const events got = q.ready();
  EXPECT_EQ(got.size(), 2u);
  for (const struct kevent& e : got) {
    EXPECT_EQ((e.flags & EV_EOF) != 0, e.filter == EVFILT_READ);
  }
}

TEST_F(KqueueOnEpoll, AResetIsTheEnd) {
  const tcp_pair fds;
  q.add(fds.client.fd(), EVFILT_READ);
  EXPECT_EQ(q.ready().size(), 0u);

  fds.server->reset();

  EXPECT_TRUE(q.wait()[0].flags & EV_EOF);
}

TEST_F(KqueueOnEpoll, AnEndComesWithItsErrorWhichStaysTheProgramsToTake) {
  const tcp_pair fds;
  q.add(fds.client.fd(), EVFILT_READ);
  q.add(fds.client.fd(), EVFILT_WRITE);
  fds.server->reset();

  const events got = q.ready();

  ASSERT_EQ(got.size(), 2u);
  for (const struct kevent& e : got) EXPECT_NE(e.fflags, 0u);
  char byte;
  EXPECT_EQ(::read(fds.client.fd(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_EQ(q.ready()[0].fflags, 0u);
}

TEST_F(KqueueOnEpoll, ARefusedConnectionIsAtItsEnd) {
  const tcp_socket nobody_listens;
  const tcp_socket client;
  client.connect(nobody_listens);

  q.add(client.fd(), EVFILT_WRITE);

  EXPECT_TRUE(q.wait()[0].flags & EV_EOF);
}

TEST_F(KqueueOnEpoll, APipeThatLosesItsReaderIsAtItsEnd) {
  pipe_ends pipe;
  fill(pipe.writer());
  q.add(pipe.writer(), EVFILT_WRITE);
  EXPECT_EQ(q.ready().size(), 0u);

  pipe.close_reader();

  EXPECT_TRUE(q.wait()[0].flags & EV_EOF);
}

TEST_F(KqueueOnEpoll, APipeThatLosesItsReaderIsToldOfOnceAsOnFreeBSD) {
  for (const int flags : {0, EV_CLEAR}) {
    pipe_ends pipe;
    q.add(pipe.writer(), EVFILT_WRITE, flags);
    EXPECT_EQ(q.ready().size(), 1u);
    pipe.close_reader();

    const events got = q.ready();

    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0].flags & EV_EOF);
    EXPECT_TRUE(got[0].flags & EV_ONESHOT);
    EXPECT_EQ(q.ready().size(), 0u);
    EXPECT_EQ(q.add(pipe.writer(), EVFILT_WRITE, flags), EPIPE);
  }
}

TEST_F(KqueueOnEpoll, APipeWithoutAReaderIsRefusedAsOnFreeBSD) {
  pipe_ends pipe;
  pipe.close_reader();

  EXPECT_EQ(q.add(pipe.writer(), EVFILT_WRITE), EPIPE);
  EXPECT_EQ(q.del(pipe.writer(), EVFILT_WRITE), ENOENT);
}

// Signals

void send(int signo) {
  ASSERT_EQ(::kill(::getpid(), signo), 0);
}

TEST_F(KqueueOnEpoll, TellsOfASignalBetweenAddAndWait) {
  int mine = 0;
  EXPECT_EQ(q.add(SIGUSR1, EVFILT_SIGNAL, 0, &mine), 0);
  EXPECT_EQ(q.ready().size(), 0u);
  send(SIGUSR1);

  const events got = q.wait();

  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].ident, static_cast<std::uintptr_t>(SIGUSR1));
  EXPECT_EQ(got[0].filter, EVFILT_SIGNAL);
  EXPECT_GE(got[0].data, 1);
  EXPECT_EQ(got[0].udata, &mine);
}

TEST_F(KqueueOnEpoll, ASignalIsClearedWhenToldOf) {
  q.add(SIGUSR1, EVFILT_SIGNAL);
  for (int round = 0; round < 3; ++round) {
    send(SIGUSR1);
    send(SIGUSR1);
    EXPECT_GE(q.wait()[0].data, 1);
    EXPECT_EQ(q.ready().size(), 0u);
  }
}

TEST_F(KqueueOnEpoll, TellsOfASignalWhateverTheHandler) {
  for (void (*const handler)(int) : {SIG_IGN, &counting_handler::count}) {
    const temporary_action before(SIGUSR1, handler);
    q.add(SIGUSR1, EVFILT_SIGNAL);
    send(SIGUSR1);
    EXPECT_EQ(q.wait().size(), 1u);

    const temporary_action after(SIGUSR1, handler);
    send(SIGUSR1);
    EXPECT_EQ(q.wait().size(), 1u);
    q.del(SIGUSR1, EVFILT_SIGNAL);
  }
}

TEST_F(KqueueOnEpoll, TellsOfASignalThatAThreadSendsItself) {
  q.add(SIGUSR1, EVFILT_SIGNAL);
  ::raise(SIGUSR1);

  EXPECT_EQ(q.wait().size(), 1u);
}

TEST_F(KqueueOnEpoll, TellsOfAChildThatHasEnded) {
  q.add(SIGCHLD, EVFILT_SIGNAL);

  EXPECT_EQ(in_child([] { return 0; }), 0);

  EXPECT_EQ(what_of(q.wait()), (filters{{SIGCHLD, EVFILT_SIGNAL}}));
}

TEST_F(KqueueOnEpoll, SignalsDoNotMix) {
  q.add(SIGUSR1, EVFILT_SIGNAL);
  q.add(SIGUSR2, EVFILT_SIGNAL);
  send(SIGUSR2);

  EXPECT_EQ(what_of(q.wait()), (filters{{SIGUSR2, EVFILT_SIGNAL}}));
}

TEST_F(KqueueOnEpoll, ASignalAddedTwiceIsToldOfOnce) {
  int second = 0;
  q.add(SIGUSR1, EVFILT_SIGNAL);
  EXPECT_EQ(q.add(SIGUSR1, EVFILT_SIGNAL, 0, &second), 0);
  send(SIGUSR1);

  const events got = q.wait();

  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].udata, &second);
  EXPECT_EQ(q.del(SIGUSR1, EVFILT_SIGNAL), 0);
  EXPECT_EQ(q.del(SIGUSR1, EVFILT_SIGNAL), ENOENT);
}

TEST_F(KqueueOnEpoll, EveryQueueIsToldOfASignal) {
  const queue other;
  q.add(SIGUSR1, EVFILT_SIGNAL);
  other.add(SIGUSR1, EVFILT_SIGNAL);
  send(SIGUSR1);

  EXPECT_EQ(q.wait().size(), 1u);
  EXPECT_EQ(other.wait().size(), 1u);
  q.del(SIGUSR1, EVFILT_SIGNAL);
  send(SIGUSR1);
  EXPECT_EQ(other.wait().size(), 1u);
}

TEST_F(KqueueOnEpoll, ASignalWakesEveryQueueThatWaits) {
  const queue other;
  q.add(SIGUSR1, EVFILT_SIGNAL);
  other.add(SIGUSR1, EVFILT_SIGNAL);
  for (int round = 0; round < 20; ++round) {
    std::thread waiter([&other] { EXPECT_EQ(other.wait().size(), 1u); });
    std::thread sender([] { send(SIGUSR1); });
    EXPECT_EQ(q.wait().size(), 1u);
    waiter.join();
    sender.join();
  }
}

TEST_F(KqueueOnEpoll, ADeletedSignalIsTheHandlersAgain) {
  const counting_handler handler(SIGUSR1);
  q.add(SIGUSR1, EVFILT_SIGNAL);
  send(SIGUSR1);
  q.del(SIGUSR1, EVFILT_SIGNAL);
  const int before = handler.calls();

  send(SIGUSR1);

  EXPECT_EQ(handler.calls(), before + 1);
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, AOneShotSignalIsToldOnce) {
  const counting_handler handler(SIGUSR1);
  q.add(SIGUSR1, EVFILT_SIGNAL, EV_ONESHOT);
  send(SIGUSR1);
  EXPECT_EQ(q.wait().size(), 1u);
  const int before = handler.calls();

  send(SIGUSR1);

  EXPECT_EQ(handler.calls(), before + 1);
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, TakesWhatIsNoSignalForOneAsOnFreeBSD) {
  for (const int number : {0, 999}) {
    EXPECT_EQ(q.add(number, EVFILT_SIGNAL), 0);
    EXPECT_EQ(q.ready().size(), 0u);
    EXPECT_EQ(q.del(number, EVFILT_SIGNAL), 0);
    EXPECT_EQ(q.del(number, EVFILT_SIGNAL), ENOENT);
  }
}

// The program's own events

TEST_F(KqueueOnEpoll, AUserEventWaitsForItsTrigger) {
  EXPECT_EQ(q.trigger(42), ENOENT);
  EXPECT_EQ(q.add(42, EVFILT_USER, EV_CLEAR), 0);
  EXPECT_EQ(q.ready().size(), 0u);

  EXPECT_EQ(q.trigger(42), 0);

  EXPECT_EQ(what_of(q.ready()), (filters{{42, EVFILT_USER}}));
}

TEST_F(KqueueOnEpoll, TriggersMergeAndAreClearedWhenToldOf) {
  q.add(0, EVFILT_USER, EV_CLEAR);
  for (int round = 0; round < 3; ++round) {
    q.trigger(0);
    q.trigger(0);
    EXPECT_EQ(q.ready().size(), 1u);
    EXPECT_EQ(q.ready().size(), 0u);
    q.add(0, EVFILT_USER, EV_CLEAR);
    EXPECT_EQ(q.ready().size(), 0u);
  }
}

TEST_F(KqueueOnEpoll, WithoutClearATriggerStays) {
  q.add(0, EVFILT_USER);
  q.trigger(0);

  EXPECT_EQ(q.ready().size(), 1u);
  EXPECT_EQ(q.ready().size(), 1u);
  q.del(0, EVFILT_USER);
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, AUserEventIsNoDescriptorOfItsNumber) {
  const pair fds;
  q.add(fds.a(), EVFILT_USER, EV_CLEAR);
  q.add(fds.a(), EVFILT_READ);
  q.trigger(fds.a());

  EXPECT_EQ(what_of(q.ready()), (filters{{fds.a(), EVFILT_USER}}));
}

// Threads

TEST_F(KqueueOnEpoll, ATriggerWakesAnotherThread) {
  q.add(0, EVFILT_USER, EV_CLEAR);
  for (int round = 0; round < 100; ++round) {
    std::thread other([this] { q.trigger(0); });
    EXPECT_EQ(q.wait().size(), 1u);
    other.join();
  }
}

TEST_F(KqueueOnEpoll, WhatAnotherThreadAddsEndsTheWait) {
  const pair fds;
  fds.send();
  for (int round = 0; round < 100; ++round) {
    std::thread other([&] { q.add(fds.a(), EVFILT_READ, EV_ONESHOT); });
    EXPECT_EQ(q.wait().size(), 1u);
    other.join();
  }
}

TEST_F(KqueueOnEpoll, NoTriggerIsLostAmongChanges) {
  const pair fds;
  std::atomic<bool> done = false;
  q.add(0, EVFILT_USER, EV_CLEAR);
  std::thread other([&] {
    for (int i = 0; i < 500; ++i) {
      q.add(fds.a(), EVFILT_WRITE);
      q.trigger(0);
      q.del(fds.a(), EVFILT_WRITE);
    }
    done = true;
    q.trigger(0);
  });

  for (bool last = false; !last;) {
    for (const struct kevent& e : q.wait()) {
      last |= e.filter == EVFILT_USER && done;
    }
  }

  other.join();
}

TEST_F(KqueueOnEpoll, ThreadsWithQueuesOfTheirOwnDoNotMeet) {
  const auto talk = [] {
    const pair fds;
    const queue own;
    own.add(fds.a(), EVFILT_READ);
    for (int i = 0; i < 200; ++i) {
      fds.send();
      EXPECT_EQ(what_of(own.wait()), (filters{{fds.a(), EVFILT_READ}}));
      drain(fds.a());
    }
  };
  std::thread other(talk);
  talk();
  other.join();
}

// The queue itself

TEST_F(KqueueOnEpoll, AQueueIsNotClosedOnExec) {
  EXPECT_EQ(::fcntl(q.fd(), F_GETFD), 0);
}

TEST_F(KqueueOnEpoll, AQueueLeavesNoDescriptorOpen) {
  const std::vector<int> before = open_descriptors();
  for (int i = 0; i < 1000; ++i) {
    const pair fds;
    const queue each;
    ASSERT_GE(each.fd(), 0);
    each.add(fds.a(), EVFILT_READ);
    each.add(fds.a(), EVFILT_WRITE);
    each.add(SIGUSR1, EVFILT_SIGNAL);
    each.add(1, EVFILT_USER);
    ASSERT_EQ(each.ready().size(), 1u);
  }

  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(KqueueOnEpoll, ANewQueueUnderAnOldNumberIsEmpty) {
  const pair fds;
  const int kq = ::kqueue();
  const auto wanted = change(fds.a(), EVFILT_WRITE, EV_ADD);
  ::kevent(kq, &wanted, 1, nullptr, 0, nullptr);
  ::close(kq);

  const queue next;

  EXPECT_EQ(next.fd(), kq);
  EXPECT_EQ(next.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, AChildDoesNotInheritIt) {
  const int status = in_child([this] {
    struct kevent got;
    const int n = ::kevent(q.fd(), nullptr, 0, &got, 1, &at_once);
    return n == -1 && errno == EBADF ? 0 : 1;
  });

  EXPECT_EQ(status, 0);
}

TEST_F(KqueueOnEpoll, AChildHasItsNumberForSomethingElse) {
  EXPECT_EQ(in_child([this] { return ::kqueue() == q.fd() ? 0 : 1; }), 0);
  EXPECT_EQ(q.ready().size(), 0u);
}

TEST_F(KqueueOnEpoll, AChildsOwnQueueIsNotTheParents) {
  const pair fds;
  q.add(fds.a(), EVFILT_READ, EV_CLEAR);
  q.add(SIGUSR1, EVFILT_SIGNAL);

  const int status = in_child([&fds] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (sigismember(&mask, SIGUSR1)) return 1;
    const queue own;
    own.add(fds.a(), EVFILT_READ, EV_CLEAR);
    own.add(SIGUSR1, EVFILT_SIGNAL);
    fds.send();
    ::raise(SIGUSR1);
    return own.wait().size() == 2 ? 0 : 2;
  });

  EXPECT_EQ(status, 0);
  EXPECT_EQ(what_of(q.ready()), (filters{{fds.a(), EVFILT_READ}}));
  EXPECT_EQ(q.del(fds.a(), EVFILT_READ), 0);
  EXPECT_EQ(q.del(SIGUSR1, EVFILT_SIGNAL), 0);
}

TEST_F(KqueueOnEpoll, AChildMakesAQueueWhateverThreadsDidMeanwhile) {
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) q.ready();
  });

  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(in_child([] { return ::kqueue() >= 0 ? 0 : 1; }), 0);
  }

  done = true;
  other.join();
}

// What only the stand-in promises

TEST_F(KqueueOnEpoll, NoHandlerRunsForWhatCameWhileASignalWasAdded) {
  const counting_handler handler(SIGUSR1);
  q.add(SIGUSR1, EVFILT_SIGNAL);
  send(SIGUSR1);
  q.wait();
  send(SIGUSR1);

  q.del(SIGUSR1, EVFILT_SIGNAL);

  EXPECT_EQ(handler.calls(), 0);
}

TEST_F(KqueueOnEpoll, AClosedQueuesSignalIsTheHandlersWithTheNextQueue) {
  const counting_handler handler(SIGUSR1);
  { queue().add(SIGUSR1, EVFILT_SIGNAL); }
  const queue next;

  send(SIGUSR1);

  EXPECT_EQ(handler.calls(), 1);
}

TEST_F(KqueueOnEpoll, LeavesASignalBlockedThatWas) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);

  q.add(SIGUSR1, EVFILT_SIGNAL);
  q.del(SIGUSR1, EVFILT_SIGNAL);

  sigset_t now;
  ::pthread_sigmask(SIG_UNBLOCK, &mask, &now);
  EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
}

}  // namespace
}  // namespace evolve

#endif
