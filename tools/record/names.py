"""Names of functions and callbacks, as one speaks of them."""

import re


def of_function(name):
    """A function's name, as a debugger has it, without parameters and template arguments."""
    name = re.sub(r"\(anonymous namespace\)::|evolve::", "", name)
    name = re.sub(r"(?:::)?[<{]lambda\([^()]*\)(?:#\d+)?[>}]", "::?", name)
    while (shorter := re.sub(r"<[^<>]*>|\([^()]*\)", "", name)) != name:
        name = shorter
    name = name.split(" ")[0]
    maker = name.partition("::?")[0]
    if "?" in name:
        return f"a lambda in {maker}" if maker else "a lambda"
    return "a lambda" if name == "operator" else name


def _balanced(text):
    """The text up to the brace that closes its first one."""
    depth = 0
    for k, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "}" and depth == 0:
            return text[:k + 1]
    return text


def callback_name(source, line, maker):
    """How to call a lambda that stands there in the source and was made in function `maker`.

    One with a name keeps it; one that only calls a function of its class gets that one's name;
    others are called by what they do.
    """
    rest = " ".join(part.strip() for part in source.split("\n")[line - 1:line + 8])
    found = re.search(r"(?:(\w+) = )?\[[^\[\]]*\]\s*(?:\([^()]*\)\s*)?(\{.*)", rest)
    owner = maker.rpartition("::")[0]
    if not found:
        return f"{maker}'s"
    if found[1]:
        return f"{maker}: {found[1]}"
    body = _balanced(found[2])[1:-1].strip()
    only = re.fullmatch(r"(?:return )?([\w.]+)\([^()]*\);", body)
    if only and owner and "." not in only[1]:
        return f"{owner}::{only[1]}"
    does = f"{only[1]}()" if only else body.rstrip(";") or "{}"
    return f"{owner or maker}: {does}"
