# shellcheck shell=sh
# Sourced, not run: which programs are missing, how this system installs them.
# It has to work on a machine that has a POSIX shell and nothing else.

say() { printf '%s\n' "./evolve: $*" >&2; }

# The first package manager that is here, or nothing.
package_manager() {
  for candidate in apt-get dnf pacman zypper apk brew pkg; do
    if command -v "$candidate" >/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# compiles HEADER: says whether the C++ compiler finds it.
compiles() {
  printf '#include <%s>\n' "$1" | c++ -x c++ -E - >/dev/null 2>&1
}

# CMake looks in more places than the compiler does: whoever set one of these
# variables has GoogleTest there.
have_googletest() {
  [ -n "${GTest_ROOT-}${GTest_DIR-}${CMAKE_PREFIX_PATH-}" ] && return
  command -v c++ >/dev/null && compiles gtest/gtest.h && return
  command -v brew >/dev/null && [ -d "$(brew --prefix)/include/gtest" ]
}

# The search of the book: made in Python, which may be another than the first in
# the path, and done in the browser.
have_lunr() {
  [ -f /usr/share/javascript/lunr/lunr.min.js ] || return
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import lunr' 2>/dev/null && return
  done
  return 1
}

# Any that the proof of the book can look with.
have_browser() {
  for browser in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$browser" >/dev/null && return
  done
  return 1
}

# have TOOL: says whether it can be used already.
have() {
  case $1 in
    googletest) have_googletest ;;
    c++) command -v c++ >/dev/null && compiles vector ;;
    pygments) python3 -c 'import pygments' 2>/dev/null ;;
    doxygen-awesome-css) [ -d /usr/share/doxygen-awesome-css ] ;;
    lunr) have_lunr ;;
    browser) have_browser ;;
    libevent) compiles event2/event.h ;;
    libev) compiles ev.h ;;
    glib) pkg-config --exists glib-2.0 ;;
    libuv) compiles uv.h ;;
    asio) compiles asio.hpp ;;
    valgrind) command -v valgrind >/dev/null && compiles valgrind/callgrind.h ;;
    gearmand | nsd | pgbouncer | unbound)
      command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
      ;;
    initdb) command -v "$1" >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# package_of TOOL MANAGER: the package's name where it is not the tool's.
package_of() {
  case $2:$1 in
    apt-get:c++ | apk:c++) echo g++ ;;
    dnf:c++ | zypper:c++) echo gcc-c++ ;;
    pacman:c++) echo gcc ;;
    apt-get:googletest) echo libgtest-dev ;;
    dnf:googletest) echo gtest-devel ;;
    zypper:googletest) echo googletest-devel ;;
    apk:googletest) echo gtest-dev ;;
    apt-get:libuv) echo libuv1-dev ;;
    apt-get:glib) echo libglib2.0-dev ;;
    dnf:glib | zypper:glib) echo glib2-devel ;;
    apk:glib) echo glib-dev ;;
    pacman:glib) echo glib2 ;;
    apt-get:libevent | apt-get:libev | apt-get:asio) echo "lib${1#lib}-dev" ;;
    dnf:valgrind | zypper:valgrind) echo valgrind-devel valgrind ;;
    dnf:libevent | dnf:libev | dnf:libuv | dnf:asio) echo "$1-devel" ;;
    zypper:libevent | zypper:libev | zypper:libuv | zypper:asio) echo "$1-devel" ;;
    apk:libevent | apk:libev | apk:libuv | apk:asio) echo "$1-dev" ;;
    pacman:googletest) echo gtest ;;
    pacman:python3) echo python ;;
    apt-get:pygments | dnf:pygments) echo python3-pygments ;;
    zypper:pygments) echo python3-Pygments ;;
    pacman:pygments) echo python-pygments ;;
    apk:pygments) echo py3-pygments ;;
    pkg:pygments) echo devel/py-pygments ;;
    # Only Debian is known to have both halves of the book's search, where they are
    # looked for; elsewhere the book cannot be built.
    apt-get:lunr) echo python3-lunr libjs-lunr ;;
    # What proves dropin/ is known of Debian alone.
    apt-get:memcaslap) echo libmemcached-tools ;;
    apt-get:gearmand) echo gearman-job-server ;;
    apt-get:gearman) echo gearman-tools ;;
    apt-get:mpicc) echo libopenmpi-dev ;;
    apt-get:mpirun) echo openmpi-bin ;;
    apt-get:initdb) echo postgresql ;;
    apt-get:browser) echo chromium-headless-shell ;;
    *:browser) echo chromium ;;
    *:node) echo nodejs ;;
    dnf:pkg-config) echo pkgconf-pkg-config ;;
    pacman:pkg-config | apk:pkg-config | brew:pkg-config | pkg:pkg-config)
      echo pkgconf ;;
    *) echo "$1" ;;
  esac
}

# install_command MANAGER PACKAGE...: one line for the shell.
install_command() {
  manager=$1
  shift
  case $manager in
    apt-get)
      echo "apt-get update && DEBIAN_FRONTEND=noninteractive" \
        "apt-get install -y --no-install-recommends $*"
      ;;
    dnf) echo "dnf install -y $*" ;;
    pacman) echo "pacman -Sy --needed --noconfirm $*" ;;
    zypper) echo "zypper --non-interactive install $*" ;;
    apk) echo "apk add $*" ;;
    brew) echo "brew install $*" ;;
    pkg) echo "pkg install -y $*" ;;
  esac
}

# agreed: whether to install; asked where a person is there and has not said --yes.
agreed() {
  [ "${EVOLVE_YES-}${CI:-false}" = false ] && [ -t 0 ] && [ -t 2 ] || return 0
  printf 'Install with%s %s? [Y/n] ' "${sudo:+ sudo and}" "$manager" >&2
  read -r answer || return
  case $answer in '' | [Yy]*) ;; *) return 1 ;; esac
}

# as_root COMMAND: runs it with the rights it needs, or says what to run.
as_root() {
  sudo=
  if [ "$(id -u)" != 0 ] && [ "${1#brew }" = "$1" ]; then
    sudo=sudo
  fi
  if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
    say "you are not root and there is no sudo; as root, run this:"
  elif ! agreed; then
    say "nothing is installed; when you like, run this:"
  elif $sudo sh -c "$1" >&2; then
    return
  else
    say "this failed; mend what it complains of, or run it yourself:"
  fi
  printf '  %s\n' "$1" >&2
  return 1
}

# need TOOL...: installs what is missing, after saying what that is.
need() {
  missing=
  for tool in "$@"; do
    have "$tool" || missing="$missing $tool"
  done
  [ -n "$missing" ] || return 0

  manager=$(package_manager)
  if [ -z "$manager" ]; then
    say "missing, and no package manager known here to install it:$missing"
    return 1
  fi
  packages=
  for tool in $missing; do
    packages="$packages $(package_of "$tool" "$manager")"
  done
  say "missing:$missing; from $manager:$packages"
  # shellcheck disable=SC2086  # a list of words
  as_root "$(install_command "$manager" $packages)" || return

  for tool in $missing; do
    have "$tool" && continue
    say "$tool is still missing after installing$packages"
    return 1
  done
}
