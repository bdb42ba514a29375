/// \file
/// fifo [PATH]: makes a FIFO and prints the lines that others write into it,
/// until one of them is "quit".

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

#include "evolve/event_base.h"

namespace {

using evolve::event;
using evolve::event_base;
using evolve::what;

[[noreturn]] void fail(const std::string& tried, int error) {
  throw std::system_error(error, std::generic_category(), tried);
}

// A FIFO in the file system: made here, and removed here.
class fifo_file {
 public:
  explicit fifo_file(std::string path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), S_IRUSR | S_IWUSR) != 0) {
      fail("cannot make the FIFO " + path_, errno);
    }
  }
  ~fifo_file() { ::unlink(path_.c_str()); }
  fifo_file(const fifo_file&) = delete;
  fifo_file& operator=(const fifo_file&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

// An open end of a FIFO.
class fifo_end {
 public:
  fifo_end(const std::string& path, int mode)
      : fd_(::open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_ < 0) fail("cannot open the FIFO " + path, errno);
  }
  ~fifo_end() { ::close(fd_); }
  fifo_end(const fifo_end&) = delete;
  fifo_end& operator=(const fifo_end&) = delete;

  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

void print(const std::string& line) {
  std::cout << "read: " << line << '\n' << std::flush;
}

// Prints the lines that come out of a FIFO, until one is "quit".
class reader {
 public:
  reader(event_base& base, const std::string& path);

 private:
  void receive(what fired);
  void print_lines();

  static constexpr std::size_t longest = 4096;  // what is longer gets cut

  event_base& base_;
  fifo_end out_;
  fifo_end in_;  // so that there is always a writer, see the constructor
  event readable_;
  std::string text_;  // a line of which the end has not come yet
};

// When the last writer closes a FIFO, its reader is at the end of the file, and
// until the next one opens it the loop would call us in every turn, to read
// nothing. With a write end of our own there is no last writer.
reader::reader(event_base& base, const std::string& path)
    : base_(base),
      out_(path, O_RDONLY),
      in_(path, O_WRONLY),
      readable_(base, out_.fd(), what::read | what::persist,
                [this](what fired) { receive(fired); }) {
  readable_.add();
}

// What it throws leaves the loop, and ends the program.
void reader::receive(what fired) {
  if (fired == what::unwatched) fail("the FIFO is not watched any more", EBADF);
  std::array<char, longest> piece;
  const ssize_t n = ::read(out_.fd(), piece.data(), piece.size());
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    fail("cannot read the FIFO", errno);
  }
  text_.append(piece.data(), static_cast<std::size_t>(n));
  print_lines();
}

// A line may come in several pieces, and a piece may have several lines.
void reader::print_lines() {
  std::size_t begin = 0;
  std::size_t end = 0;
  while ((end = text_.find('\n', begin)) != std::string::npos) {
    const std::string line = text_.substr(begin, end - begin);
    if (line == "quit") return base_.loopexit();
    print(line);
    begin = end + 1;
  }
  text_.erase(0, begin);
  if (text_.size() >= longest) print(std::exchange(text_, {}));
}

void run(const std::string& path) {
  const fifo_file file(path);
  event_base base;
  reader prints(base, path);
  std::cout << "write into " << path << " from another terminal, for example:\n"
            << "  echo hello > " << path << "\n  echo quit > " << path << '\n'
            << std::flush;
  base.dispatch();
}

// A name in $TMPDIR, or else in the current folder, that no file has yet.
std::string fresh_path() {
  const char* folder = std::getenv("TMPDIR");
  return std::string(folder && *folder ? folder : ".") + "/evolve-fifo." +
         std::to_string(::getpid());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::cerr << "fifo: too many arguments\nusage: fifo [PATH]\n";
    return 2;
  }
  try {
    run(argc == 2 ? argv[1] : fresh_path());
  } catch (const std::exception& error) {
    std::cerr << "fifo: " << error.what() << '\n';
    return 1;
  }
}
