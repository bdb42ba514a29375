"""What a reader sees at a glance in a C++ file: its definitions, their names, where to cut it.

This knows just enough C++ to name a hunk and to cut a file into blocks for a chapter: the layout
that clang-format gives, where definitions begin in the first column and members in the third.
"""

import re
from typing import NamedTuple

MOST = 40  # lines in one piece, never more
AIM = 14   # lines in one piece, better not more


class Definition(NamedTuple):
    """lines[start:end] is the top-level definition or declaration of `name`."""

    start: int
    end: int
    name: str


_TYPE = re.compile(r"(?:class|struct|union|enum(?: class)?)\s+(\w+(?:::\w+)*)(?=[^(;]*$)")
_CALL = re.compile(r"((?:\w+::)*(?:operator\(\)|operator\s?[^\s(]+|~?\w+))\s*\(")
_VARIABLE = re.compile(r"(\w+)\s*(?:\[[^\]]*\]\s*)?(?:[={;,]|$)")
_OUTSIDE = re.compile(r"[\s#/}]|namespace\b|extern \"C\" \{|template\b.*>$|$")


def code(line):
    """The line without its comment and with empty literals, so that braces can be counted."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)'", '""', line)
    return re.sub(r"//.*|/\*.*?\*/", "", line).rstrip()


def is_code(line):
    """Whether the line is more than blank or comment."""
    return bool(line.strip()) and not line.lstrip().startswith(("//", "/*", "*/", "* "))


def _without_templates(text):
    """The text without template arguments, whose commas and parentheses name nothing."""
    while (shorter := re.sub(r"<[^<>()]*(?:\([^<>()]*\))?[^<>()]*>", "", text)) != text:
        text = shorter
    return text


def name_of(line):
    """What a line defines or declares; empty when it cannot be told."""
    text = _without_templates(re.sub(r"\[\[.*?\]\]\s*", "", code(line).strip()))
    text = re.sub(r"^(?:template|friend|typedef|alignas\(.*?\))\s+", "", text)
    if found := (_TYPE.match(text) or re.match(r"using (?:namespace )?([\w:]+)", text)
                 or re.search(r"\(\*(\w+)\)\(", text)):
        return found.group(1)
    call = _CALL.search(text)
    if call and not re.search(r"[={\[]", text[:call.start()]):
        return call.group(1)
    found = _VARIABLE.search(text)
    return found.group(1) if found else ""


def _end_of(lines, start):
    """The line after the definition that begins at start."""
    depth, opened = 0, False
    for k in range(start, len(lines)):
        text = code(lines[k])
        depth += text.count("{") - text.count("}")
        opened = opened or "{" in text
        if k > start and opened and text.startswith("}"):
            return k + 1
        if depth == 0 and text.endswith((";", "}")):
            return k + 1
    return len(lines)


def definitions(lines):
    """The top-level definitions and declarations, in order."""
    found, k = [], 0
    while k < len(lines):
        if _OUTSIDE.match(lines[k]):
            k += 1
            continue
        end = _end_of(lines, k)
        found.append(Definition(k, end, name_of(lines[k])))
        k = end
    return found


def enclosing(lines):
    """For every line the name of the definition that it is inside of; a first line is outside."""
    names = [""] * len(lines)
    for one in definitions(lines):
        for k in range(one.start + 1, one.end):
            names[k] = one.name
    return names


def _members(lines, where):
    """The names that these lines of a class declare in the third column."""
    return [name_of(lines[k]) for k in where
            if re.match(r"  (?!static_assert|requires|friend|template)[\w~\[]", lines[k])]


def _with_subjects(lines, where):
    """The line numbers, and for a comment those down to the line that it is about."""
    found = set(where)
    for k in where:
        while k + 1 < len(lines) and lines[k].strip() and (
                not is_code(lines[k]) or lines[k].lstrip().startswith("template")):
            k += 1
            found.add(k)
    return sorted(found)


def _listed(names):
    """`a`, `b` and `c`; a long list by its first and last."""
    quoted = [f"`{name}`" for name in dict.fromkeys(names)]
    if len(quoted) > 4:
        return f"{quoted[0]} to {quoted[-1]}"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def part_name(lines, where):
    """What the lines with these numbers are about, in words for a caption."""
    where = _with_subjects(lines, where)
    known = definitions(lines)
    begun = [one.name for one in known
             if one.start in where and one.name not in ("", "static_assert")]
    if begun:
        return _listed(begun)
    around = [one for one in known if any(one.start < k < one.end for k in where)]
    if around:
        is_type = _TYPE.match(code(lines[around[0].start]))
        inner = list(filter(None, _members(lines, where))) if is_type else []
        return f"{_listed(inner)} of `{around[0].name}`" if inner else f"`{around[0].name}`"
    includes = any(lines[k].startswith("#include") for k in where)
    return "the includes" if includes else "the frame"


def _cut_cost(lines, k):
    """How badly a cut before line k reads."""
    text, above = lines[k], lines[k - 1]
    indent = len(text) - len(text.lstrip())
    if not text.strip():
        return 90
    if text.lstrip().startswith("}"):
        return 70
    if re.match(r" \w+:$", text):
        return 4
    if above.strip():
        return 80 if not is_code(above) or not above.rstrip().endswith((";", "}")) else 50
    return 6 * indent


def _piece_cost(size):
    """Every piece costs the reader something, and a long one more."""
    return 20 + 3 * max(0, size - AIM)


def cut(lines, start, end):
    """Where to cut lines[start:end] into pieces that read well: the first line of each."""
    best = {start: (0, [])}
    for k in range(start + 1, end + 1):
        here = 0 if k == end else _cut_cost(lines, k)
        best[k] = min((best[j][0] + _piece_cost(k - j) + here, best[j][1] + [j])
                      for j in range(max(start, k - MOST), k))
    return best[end][1]
