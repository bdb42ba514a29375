// event_base_dump_events(), in the form that programs know.
#include <cstdio>
#include <optional>
#include <vector>

#include "c_interface.h"

using dropin::what;
using evolve::event_access;
using evolve::evlist;

namespace {

// What an event was like in one moment; it may be gone by now.
struct seen {
  const void* address;
  int fd;
  what events;
  what due_for;
  int priority;
  evlist state;
  std::optional<evolve::time_point> deadline;
};

std::vector<seen> look(event_base& base) {
  std::vector<seen> all;
  event_access::look_at_all(base, [&all](const evolve::event& ev) {
    all.push_back({&ev, ev.fd(), ev.events(), event_access::due_for(ev),
                   event_access::priority(ev), event_access::state(ev),
                   event_access::deadline(ev)});
  });
  return all;
}

void print_number(std::FILE* out, const seen& ev) {
  const bool signal = any(ev.events & what::signal);
  std::fprintf(out, "  %p [%s %d", ev.address, signal ? "sig" : "fd ", ev.fd);
}

void print_bits(std::FILE* out, what set) {
  constexpr struct {
    what bit;
    const char* word;
  } words[] = {{what::read, " Read"},       {what::write, " Write"},
               {what::closed, " EOF"},      {what::signal, " Signal"},
               {what::persist, " Persist"}, {what::et, " ET"}};
  for (const auto& [bit, word] : words) {
    if (any(set & bit)) std::fputs(word, out);
  }
}

void print_waiting(std::FILE* out, event_base& base, const seen& ev) {
  constexpr evlist waits = evlist::inserted | evlist::timeout;
  if (!any(ev.state & waits)) return;
  print_number(out, ev);
  std::fputc(']', out);
  print_bits(out, ev.events);
  if (ev.deadline && *ev.deadline != evolve::time_point::max()) {
    const timeval when = dropin::to_time_of_day(base, *ev.deadline);
    std::fprintf(out, " Timeout=%ld.%06ld", static_cast<long>(when.tv_sec),
                 static_cast<long>(when.tv_usec));
  }
  std::fputc('\n', out);
}

void print_due(std::FILE* out, const seen& ev) {
  if (!any(ev.state & evlist::active)) return;
  print_number(out, ev);
  std::fprintf(out, ", priority=%d]", ev.priority);
  print_bits(out, ev.due_for);
  std::fputs(" active\n", out);
}

}  // namespace

void event_base_dump_events(event_base* base, std::FILE* out) {
  dropin::attempt(__func__, [&] {
    const std::vector<seen> all = look(*base);
    std::fputs("Inserted events:\n", out);
    for (const seen& ev : all) print_waiting(out, *base, ev);
    std::fputs("Active events:\n", out);
    for (const seen& ev : all) print_due(out, ev);
  });
}
