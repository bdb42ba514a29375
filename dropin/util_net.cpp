// Addresses: text to bytes and back.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "c_interface.h"

namespace {

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
