"""What the code says in `//` is documentation too.

The stages keep `///` for what a user of the library reads. A private member has its line of `//`
behind it, a private function above its definition; whether all is told is seen in copies in which
both are `///`, line for line. A comment inside a function is none of Doxygen's business.
"""

import re

_BEHIND = re.compile(r"^(\s*[^\s/#}].*?[^\s{])\s+// (?!NOLINT)(.*)$")
_ABOVE = re.compile(r"^( {0,4})// (?!NOLINT)(.*)$")


def _documents(lines, k):
    """Whether the comment that ends above line k stands before a declaration."""
    below = lines[k].strip() if k < len(lines) else ""
    return bool(below) and below[0] not in "#/}"


def _block_end(lines, k, indent):
    """The line behind the comment block that begins at k."""
    while k < len(lines) and lines[k].startswith(f"{indent}//"):
        k += 1
    return k


def _promote_block(out, k, indent, text):
    """Makes the block at line k documentation, if it is before a declaration; where it ends."""
    end = _block_end(out, k, indent)
    if _documents(out, end):
        # The sentence in a header goes before a brief one in a source file; a detailed one not.
        out[k] = f"{indent}/// \\brief {text}"
        out[k + 1:end] = [line.replace("//", "///", 1) for line in out[k + 1:end]]
    return end


def promoted(lines, header):
    """The lines of a header or source file as Doxygen is to read them; as many as before."""
    out = list(lines)
    k = 0
    while k < len(out):
        above = _ABOVE.match(out[k])
        if above and (header or not above[1]):
            k = _promote_block(out, k, above[1], above[2])
            continue
        if header and (behind := _BEHIND.match(out[k])):
            out[k] = f"{behind[1]}  ///< {behind[2]}"
        k += 1
    return out
