// Addresses in text that may have a port, or say by which interface.
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "c_interface.h"

namespace {

// A port, from 1 to 65535; 0 when it is none.
int to_port(std::string_view text) noexcept {
  int port = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && port > 0 && port <= 65535 ? port : 0;
}

constexpr unsigned none = std::numeric_limits<unsigned>::max();

// The index of an interface by its name, or by the index itself.
unsigned to_index(const char* interface) noexcept {
  if (const unsigned index = ::if_nametoindex(interface)) return index;
  char* end;
  const unsigned long index = std::strtoul(interface, &end, 10);
  return *end == '\0' ? static_cast<unsigned>(index) : none;
}

// An address and a port, taken apart.
struct parts {
  std::string address;
  std::optional<std::string_view> port = {};
  bool six = false;  // an address of IPv6
};

std::optional<std::string_view> behind_colon(std::string_view text) {
  if (!text.starts_with(':')) return std::nullopt;
  return text.substr(1);
}

// "[address]:port", "address:port", or an address, which has colons of its own
// if it is one of IPv6.
std::optional<parts> take_apart(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return parts{std::string(text.substr(1, end - 1)),
                 behind_colon(text.substr(end + 1)), true};
  }
  const std::size_t colon = text.find(':');
  if (colon != text.rfind(':')) return parts{std::string(text), {}, true};
  if (colon == std::string_view::npos) return parts{std::string(text)};
  return parts{std::string(text.substr(0, colon)), text.substr(colon + 1)};
}

template <class Address>
int give(const Address& address, sockaddr* out, int* size) noexcept {
  if (*size < static_cast<int>(sizeof address)) return -1;
  std::memcpy(out, &address, sizeof address);
  *size = sizeof address;
  return 0;
}

int give4(const parts& found, std::uint16_t port, sockaddr* out,
          int* size) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port;
  const char* const text = found.address.c_str();
  if (evutil_inet_pton(AF_INET, text, &address.sin_addr) != 1) return -1;
  return give(address, out, size);
}

int give6(const parts& found, std::uint16_t port, sockaddr* out, int* size) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = port;
  if (evutil_inet_pton_scope(AF_INET6, found.address.c_str(),
                             &address.sin6_addr, &address.sin6_scope_id) != 1) {
    return -1;
  }
  return give(address, out, size);
}

}  // namespace

// "fe80::1%eth0": an address with the interface by which it is reached.
int evutil_inet_pton_scope(int family, const char* text, void* address,
                           unsigned* interface) {
  *interface = 0;
  const char* const percent = std::strchr(text, '%');
  if (family != AF_INET6 || !percent) {
    return evutil_inet_pton(family, text, address);
  }
  *interface = to_index(percent + 1);
  if (*interface == none) return 0;
  const std::string alone(text, percent);
  return evutil_inet_pton(family, alone.c_str(), address);
}

int evutil_parse_sockaddr_port(const char* text, sockaddr* out, int* size) {
  const std::optional<parts> found = take_apart(text);
  if (!found) return -1;
  const int port = found->port ? to_port(*found->port) : 0;
  if (found->port && port == 0) return -1;
  const std::uint16_t bytes = htons(static_cast<std::uint16_t>(port));
  return found->six ? give6(*found, bytes, out, size)
                    : give4(*found, bytes, out, size);
}
