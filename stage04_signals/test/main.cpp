/// \file
/// The main of a test program. It is GoogleTest's own, with one option more:
///
///     --each[=SECONDS]  runs each test suite in a process of its own
///
/// Then a test that crashes, or has not ended after SECONDS (60 if none are
/// given), takes no other with it: it is named, and a new process runs what is
/// left of its suite. And a suite may change what belongs to the whole process.
/// What a test writes is shown if it fails.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace evolve {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

enum class state : char { waiting, running, passed, failed, skipped, broken };

/// A test that was selected, and what has become of it.
struct entry {
  const testing::TestInfo* test = nullptr;
  std::atomic<state> now = state::waiting;
  steady_clock::time_point begun{};
};

/// Tests of one suite, or of all.
using entries = std::span<entry>;

[[noreturn]] void fail(const char* tried) {
  throw std::system_error(errno, std::generic_category(), tried);
}

std::string name_of(const testing::TestInfo& test) {
  return std::string(test.test_suite_name()) + '.' + test.name();
}

std::size_t count(entries tests, state wanted) {
  const auto is = [wanted](const entry& e) { return e.now == wanted; };
  return static_cast<std::size_t>(std::ranges::count_if(tests, is));
}

/// The tests that the command line selects.
std::vector<const testing::TestInfo*> selected_tests() {
  const int repeat = GTEST_FLAG_GET(repeat);
  GTEST_FLAG_SET(repeat, 0);  // to run them no times selects them all the same
  std::ignore = RUN_ALL_TESTS();
  GTEST_FLAG_SET(repeat, repeat);
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  std::vector<const testing::TestInfo*> selected;
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      const testing::TestInfo* test = suite.GetTestInfo(k);
      if (test->should_run()) selected.push_back(test);
    }
  }
  return selected;
}

/// An entry for each test, in memory that this process shares with those that
/// it forks: what they write there outlives them, and takes no descriptor that
/// a test could close.
entries shared_entries(const std::vector<const testing::TestInfo*>& tests) {
  void* memory =
      ::mmap(nullptr, tests.size() * sizeof(entry), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  const entries all(static_cast<entry*>(memory), tests.size());
  std::uninitialized_default_construct(all.begin(), all.end());
  for (std::size_t i = 0; i < tests.size(); ++i) all[i].test = tests[i];
  return all;
}

/// All tests by suite, the largest last.
std::vector<entries> suites_of(entries all) {
  std::vector<entries> suites;
  while (!all.empty()) {
    const std::string_view name = all[0].test->test_suite_name();
    std::size_t n = 1;
    while (n < all.size() && all[n].test->test_suite_name() == name) ++n;
    suites.push_back(all.first(n));
    all = all.subspan(n);
  }
  std::ranges::sort(suites, {}, [](entries tests) { return tests.size(); });
  return suites;
}

/// Notes what becomes of tests, in the process that runs them.
class recorder : public testing::EmptyTestEventListener {
 public:
  explicit recorder(entries tests) : tests_(tests) {}

  void OnTestStart(const testing::TestInfo& test) override {
    written_before_ = ::lseek(STDOUT_FILENO, 0, SEEK_END);
    entry& e = entry_of(test);
    e.begun = steady_clock::now();
    e.now = state::running;
  }

  void OnTestPartResult(const testing::TestPartResult& part) override {
    if (part.failed()) std::cout << part;
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    const testing::TestResult& result = *test.result();
    if (result.Failed()) std::cout << "FAILED " << name_of(test) << '\n';
    std::fflush(stdout);
    if (!result.Failed()) take_back();
    entry_of(test).now = result.Failed()    ? state::failed
                         : result.Skipped() ? state::skipped
                                            : state::passed;
  }

 private:
  entry& entry_of(const testing::TestInfo& test) const {
    return *std::ranges::find(tests_, &test, &entry::test);
  }

  /// Takes back what the test has written.
  void take_back() const {
    std::ignore = ::ftruncate(STDOUT_FILENO, written_before_);
  }

  entries tests_;  // the tests that may be run
  off_t written_before_ = 0;  // how much, when the test began
};

/// Runs what is waiting of a suite. Returns what main returns.
int run_waiting(entries tests) {
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new recorder(tests));
  std::string names;
  for (const entry& e : tests) {
    if (e.now == state::waiting) names += name_of(*e.test) + ':';
  }
  GTEST_FLAG_SET(filter, names);
  return RUN_ALL_TESTS();
}

/// What a process and those that it forks have written.
class output {
 public:
  output() : file_(std::tmpfile()) {
    if (!file_) fail("tmpfile");
    ::fcntl(fd(), F_SETFL, O_APPEND);
  }

  /// Has this process write it from now on.
  void take() {
    ::dup2(fd(), STDOUT_FILENO);
    ::dup2(fd(), STDERR_FILENO);
    file_.reset();
  }

  void show() const {
    std::rewind(file_.get());
    std::array<char, 4096> part;
    std::size_t n;
    while ((n = std::fread(part.data(), 1, part.size(), file_.get())) > 0) {
      std::fwrite(part.data(), 1, n, stdout);
    }
  }

 private:
  struct close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  int fd() const { return ::fileno(file_.get()); }

  std::unique_ptr<std::FILE, close> file_;
};

/// A process for a suite.
struct process {
  entries tests;
  output said{};
  steady_clock::time_point forked = steady_clock::now();
  bool killed = false;

  /// When it began a test last.
  steady_clock::time_point begun() const {
    const auto last = std::ranges::max_element(tests, {}, &entry::begun);
    return std::max(forked, last->begun);
  }

  /// The test in which it is; all others are before or after it.
  entry* within() const {
    const auto is = [](const entry& e) { return e.now == state::running; };
    const auto found = std::ranges::find_if(tests, is);
    return found == tests.end() ? nullptr : &*found;
  }
};

/// Runs suites, as many at once as there are cores.
class runner {
 public:
  runner(std::vector<entries> suites, seconds limit)
      : suites_(std::move(suites)), limit_(limit) {}

  void run() {
    ::signal(SIGCHLD, [](int) {});  // so that it interrupts poll
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    while (!suites_.empty() || !processes_.empty()) {
      while (!suites_.empty() && processes_.size() < cores) start();
      await_news();
    }
  }

  /// What went wrong beside the tests that have failed.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void start() {
    process next{suites_.back()};
    suites_.pop_back();
    std::fflush(stdout);  // or the child would write it, too
    const pid_t pid = ::fork();
    if (pid < 0) fail("fork");
    if (pid == 0) become(next);
    processes_.emplace(pid, std::move(next));
  }

  /// Goes on as the process of a suite, which knows nothing of the others.
  [[noreturn]] void become(process& next) {
    processes_.clear();
    ::signal(SIGCHLD, SIG_DFL);
    next.said.take();
    std::exit(run_waiting(next.tests));
  }

  void await_news() {
    int status = 0;
    if (const pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0) {
      judge(processes_.extract(pid).mapped(), status);
      return;
    }
    for (auto& [pid, one] : processes_) {
      if (steady_clock::now() - one.begun() < limit_) continue;
      one.killed = true;
      ::kill(pid, SIGKILL);
    }
    ::poll(nullptr, 0, 100);
  }

  /// Takes note of how a process has ended; another one does what it has left.
  void judge(const process& gone, int status) {
    entry* const within = gone.within();
    const std::size_t left = count(gone.tests, state::waiting);
    if (within || left > 0 || status != 0) gone.said.show();
    if (within) {
      blame(name_of(*within->test), gone, status);
      within->now = state::broken;
      if (left > 0) suites_.push_back(gone.tests);
    } else if (left > 0 || (status != 0 && !count(gone.tests, state::failed))) {
      blame(gone.tests[0].test->test_suite_name(), gone, status);
    }
  }

  void blame(std::string what, const process& gone, int status) {
    if (gone.killed) {
      what += ": not ended after " + std::to_string(limit_.count()) + " s";
    } else if (WIFSIGNALED(status)) {
      what += std::string(": ") + ::strsignal(WTERMSIG(status));
    } else {
      what += ": ended with status " + std::to_string(WEXITSTATUS(status));
    }
    std::cout << "FAILED " << what << '\n';
    broken_.push_back(std::move(what));
  }

  std::vector<entries> suites_;  // that wait for a process
  std::map<pid_t, process> processes_;
  seconds limit_;  // that a test may take
  std::vector<std::string> broken_;
};

/// Says how all ended, with the names of those that failed once more.
bool conclude(const std::string& program, entries all, const runner& ran,
              steady_clock::time_point start) {
  const std::size_t failed = count(all, state::failed) + ran.broken().size();
  if (failed > 0) std::cout << "\nFailed:\n";
  for (const entry& e : all) {
    if (e.now == state::failed) std::cout << "  " << name_of(*e.test) << '\n';
  }
  for (const std::string& what : ran.broken())
    std::cout << "  " << what << '\n';
  const std::chrono::duration<double> took = steady_clock::now() - start;
  std::printf("%s: %zu passed, %zu failed, %zu skipped (%.1f s)\n",
              program.c_str(), count(all, state::passed), failed,
              count(all, state::skipped), took.count());
  return failed == 0;
}

/// Runs each suite in a process of its own. Returns what main returns.
int run_each(const std::string& program, seconds limit) {
  const auto start = steady_clock::now();
  const auto tests = selected_tests();
  if (tests.empty()) {
    std::cout << program << ": no test is selected\n";
    return 1;
  }
  const entries all = shared_entries(tests);
  runner runs(suites_of(all), limit);
  runs.run();
  return conclude(program, all, runs, start) ? 0 : 1;
}

/// How many seconds `--each` gives a test; nothing if it is not asked for.
std::optional<seconds> limit_in(std::span<char*> words) {
  constexpr std::string_view option = "--each";
  for (const std::string_view word : words) {
    if (word == option) return seconds(60);
    if (!word.starts_with(option) || word[option.size()] != '=') continue;
    return seconds(std::stoi(std::string(word.substr(option.size() + 1))));
  }
  return std::nullopt;
}

}  // namespace
}  // namespace evolve

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::span words(argv, static_cast<std::size_t>(argc));
  const auto limit = evolve::limit_in(words);
  if (!limit || GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
  const std::string program = std::filesystem::path(words[0]).filename();
  return evolve::run_each(program.substr(0, program.rfind("_test")), *limit);
}
