// event_base_dump_events(), in the form that programs know.
#include <cstdio>

#include "c_interface.h"

using dropin::what;
using evolve::event_info;
using evolve::evlist;

namespace {

void print_number(std::FILE* out, const event_info& info) {
  const bool signal = any(info.events & what::signal);
  std::fprintf(out, "  %p [%s %d", static_cast<void*>(dropin::to_c(info.ev)),
               signal ? "sig" : "fd ", info.fd);
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

void print_waiting(std::FILE* out, event_base& base, const event_info& info) {
  constexpr evlist waits = evlist::inserted | evlist::timeout;
  if (!any(info.state & waits)) return;
  print_number(out, info);
  std::fputc(']', out);
  print_bits(out, info.events);
  if (info.deadline) {
    const timeval when = dropin::to_time_of_day(base, *info.deadline);
    std::fprintf(out, " Timeout=%ld.%06ld", static_cast<long>(when.tv_sec),
                 static_cast<long>(when.tv_usec));
  }
  std::fputc('\n', out);
}

void print_due(std::FILE* out, const event_info& info) {
  if (!any(info.state & evlist::active)) return;
  print_number(out, info);
  std::fprintf(out, ", priority=%d]", info.priority);
  print_bits(out, evolve::event_access::due_for(*info.ev));
  std::fputs(" active\n", out);
}

}  // namespace

void event_base_dump_events(event_base* base, std::FILE* out) {
  std::fputs("Inserted events:\n", out);
  base->for_each_event([out, base](const event_info& info) {
    print_waiting(out, *base, info);
    return true;
  });
  std::fputs("Active events:\n", out);
  base->for_each_event([out](const event_info& info) {
    print_due(out, info);
    return true;
  });
}
