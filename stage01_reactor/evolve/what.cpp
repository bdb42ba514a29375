#include "evolve/what.h"

namespace evolve {

std::string to_string(what set) {
  std::string words;
  const auto add = [&](what bit, const char* word) {
    if (!any(set & bit)) return;
    if (!words.empty()) words += '|';
    words += word;
  };
  add(what::read, "read");
  add(what::write, "write");
  add(what::persist, "persist");
  add(what::unwatched, "unwatched");
  return words.empty() ? "none" : words;
}

}  // namespace evolve
