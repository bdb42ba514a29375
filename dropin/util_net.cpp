// Addresses: text to bytes and back.
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
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

// An address and a port, taken apart; no port is 0.
struct parts {
  std::string address;
  int port = 0;
  bool six = false;  // an address of IPv6
};

std::optional<parts> take_apart(std::string_view text) {
  parts found;
  std::string_view port;
  bool has_port = false;
  const std::size_t colon = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    found.address = text.substr(1, end - 1);
    found.six = true;
    has_port = text.substr(end + 1).starts_with(':');
    if (has_port) port = text.substr(end + 2);
  } else if (colon != text.rfind(':')) {
    found.address = text;
    found.six = true;
  } else {
    found.address = text.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
  }
  if (has_port) found.port = to_port(port);
  if (has_port && found.port == 0) return std::nullopt;
  return found;
}

template <class Address>
int give(const Address& address, sockaddr* out, int* size) noexcept {
  if (*size < static_cast<int>(sizeof address)) return -1;
  std::memcpy(out, &address, sizeof address);
  *size = sizeof address;
  return 0;
}

int compare(int a, int b) noexcept {
  return (a > b) - (a < b);
}

template <class Address>
const Address& as(const sockaddr* address) noexcept {
  return *reinterpret_cast<const Address*>(address);
}

int compare4(const sockaddr* a, const sockaddr* b, bool with_port) noexcept {
  const auto& left = as<sockaddr_in>(a);
  const auto& right = as<sockaddr_in>(b);
  const int order =
      std::memcmp(&left.sin_addr, &right.sin_addr, sizeof left.sin_addr);
  if (order != 0 || !with_port) return order;
  return compare(left.sin_port, right.sin_port);
}

int compare6(const sockaddr* a, const sockaddr* b, bool with_port) noexcept {
  const auto& left = as<sockaddr_in6>(a);
  const auto& right = as<sockaddr_in6>(b);
  const int order =
      std::memcmp(&left.sin6_addr, &right.sin6_addr, sizeof left.sin6_addr);
  if (order != 0 || !with_port) return order;
  return compare(left.sin6_port, right.sin6_port);
}

}  // namespace

const char* evutil_inet_ntop(int family, const void* address, char* text,
                             std::size_t size) {
  return ::inet_ntop(family, address, text, static_cast<socklen_t>(size));
}

int evutil_inet_pton(int family, const char* text, void* address) {
  return ::inet_pton(family, text, address);
}

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
  const std::uint16_t port = htons(static_cast<std::uint16_t>(found->port));
  if (found->six) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = port;
    if (evutil_inet_pton_scope(AF_INET6, found->address.c_str(),
                               &address.sin6_addr,
                               &address.sin6_scope_id) != 1) {
      return -1;
    }
    return give(address, out, size);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = port;
  if (evutil_inet_pton(AF_INET, found->address.c_str(), &address.sin_addr) !=
      1) {
    return -1;
  }
  return give(address, out, size);
}

int evutil_sockaddr_cmp(const sockaddr* a, const sockaddr* b, int with_port) {
  const int family = compare(a->sa_family, b->sa_family);
  if (family != 0) return family;
  if (a->sa_family == AF_INET) return compare4(a, b, with_port != 0);
  if (a->sa_family == AF_INET6) return compare6(a, b, with_port != 0);
  return 1;
}

int evutil_getaddrinfo(const char* node, const char* service,
                       const evutil_addrinfo* hints, evutil_addrinfo** found) {
  return ::getaddrinfo(node, service, hints, found);
}

void evutil_freeaddrinfo(evutil_addrinfo* found) {
  ::freeaddrinfo(found);
}

const char* evutil_gai_strerror(int error) {
  if (error == EVUTIL_EAI_CANCEL) return "Request canceled";
  return ::gai_strerror(error);
}
