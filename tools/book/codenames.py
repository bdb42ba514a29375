"""What names in code lead to: the reference of a stage, and the libevent map.

Only a name that can be nothing else is a link: one behind its class, as in `event::timer`; one of
its own, with a `_` in it, that a single thing of the stage has; a member `count_` of the class that
the file is named for; a class where a type stands.
"""

import re
from pathlib import PurePosixPath

import cpp
from book.changed import TIE

_NAME = re.compile(r"(?<![\w~])(?:evolve::)?[a-z_]\w*(?:::~?[a-z_]\w*)*")
_BEFORE_TYPE = re.compile(r"(?:\b(?:class|struct|public|friend|new|const|typename)\s+|<)$")
_AFTER_TYPE = re.compile(r"\s*[&*](?![&*=])|\s+[a-z_]\w*\b(?!\s*::)|<|>")
_NO_TYPE = re.compile(r"\s+(?:and|or|not|xor|bitand|bitor)\b")


class Names:
    """The names of one stage; `map_names` are libevent's that the map knows."""

    def __init__(self, symbols, map_names=()):
        self.map_names = frozenset(map_names)
        self.found, self.of_last = {}, {}
        self.functions = {each.name for each in symbols if each.kind == "function"}
        self.types = {each.name for each in symbols
                      if each.kind in ("class", "struct") and "::" not in each.name}
        for each in symbols:
            self.found.setdefault(each.name, each.href)
            self.of_last.setdefault(each.name.rpartition("::")[2], set()).add(each.name)

    @property
    def key(self):
        """All that its links depend on."""
        return [self.found, sorted(self.functions), sorted(self.types), sorted(self.map_names)]

    def links(self, line, file=""):
        """(start, end, address) of what leads somewhere in a line of this file, in order."""
        code = cpp.masked(line)
        found = [] if code.lstrip().startswith("#") else [
            link for match in _NAME.finditer(code) for link in self._of(match, code, file)]
        found += [(match.start(), match.end(), f"libevent-map.html#{match[2]}")
                  for match in re.finditer(TIE, line) if match[2] in self.map_names]
        return tuple(sorted(found))

    def _of(self, match, code, file):
        """The links of a name with what stands before its colons."""
        start, parts = match.start(), match[0].split("::")
        before, after = code[:start], code[match.end():]
        if re.search(r"(?:\.|->|::)$", before):
            apart = len(parts) > 1 or before[-2:] == "::"
            first = None if apart else self._own(parts[0], after)
            return [(start, match.end(), self.found[first])] if first else []
        if parts[0] == "evolve":
            start, parts = start + len("evolve::"), parts[1:]
        if len(parts) == 1:
            name = self._alone(parts[0], before, after, file) if parts else None
            return [(start, match.end(), self.found[name])] if name else []
        return self._chain(start, parts)

    def _chain(self, start, parts):
        """The links of `a::b`, as far as each is known."""
        out = []
        for k, part in enumerate(parts):
            name = "::".join(parts[:k + 1])
            if name not in self.found or parts[0] not in self.types:
                break
            out.append((start, start + len(part), self.found[name]))
            start += len(part) + 2
        return out

    def _own(self, word, after):
        """What a single thing of the stage is called; a function is called, too."""
        names = self.of_last.get(word, ())
        if "_" not in word or len(names) != 1:
            return None
        [name] = names
        return name if name not in self.functions or after.startswith("(") else None

    def _alone(self, word, before, after, file):
        """What a name without a class before it can only be."""
        if word in self.types:
            kept = "_" in word or _BEFORE_TYPE.search(before) or _AFTER_TYPE.match(after)
            return word if kept and not _NO_TYPE.match(after) else None
        member = f"{PurePosixPath(file).stem}::{word}"
        if word.endswith("_") and member in self.found:
            return member
        return self._own(word, after)
