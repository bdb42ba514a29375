"""Results as tables: for the terminal, and for Markdown."""

from measure import suite


def number(value):
    """Three digits, or all of a whole number."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value):
    """With two decimals while these tell something."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def columns(results):
    """The implementations that have a result, in their order."""
    present = {name for result in results for name in result.samples}
    order = [who.name for who in suite.implementations(results[0].family)] if results else []
    return [name for name in order if name in present]


def _cell(result, name, value, show):
    """A value; or that what it belongs to went wrong."""
    if value is not None and name in result.failed:
        return f"{show(value)} FAIL"
    return show(value)


def medians(results):
    """(header, lines): what each took."""
    names = columns(results)
    return ["", *names], [
        [r.label, *(_cell(r, name, r.median(name), number) for name in names)] for r in results]


def to_floor(results):
    """(header, lines): as many times as much as the floor."""
    names = [name for name in columns(results) if name != "floor"]
    measured = [r for r in results if "floor" in r.samples]
    return ["", *names], [
        [r.label, *(_cell(r, name, r.ratio(name, "floor"), ratio) for name in names)]
        for r in measured]


def to_best(results):
    """(header, lines): evolve as many times as much as the best of the others, and as libevent."""
    mine = [name for name in columns(results) if name.startswith("evolve")]
    lines = []
    for r in results:
        best = r.best_peer()
        if best is None:
            continue
        libevent = "libevent" if "libevent" in r.samples else "libevent +lock"
        cells = [f"{ratio(r.ratio(name, best))} / {ratio(r.ratio(name, libevent))}"
                 if name in r.samples else "-" for name in mine]
        lines.append([r.label, best, *cells])
    return ["", "best", *mine], lines


def counted(counts, what):
    """(header, lines): instructions or system calls for each unit."""
    present = {name for entry in counts for name in entry["counts"]}
    names = [who.name for who in suite.implementations("peers") if who.name in present]
    lines = []
    for entry in counts:
        cells = [entry["counts"].get(name, {}).get(what) for name in names]
        if what == "calls":
            cells = [None if cell is None else sum(cell.values()) for cell in cells]
            shown = ["-" if cell is None else f"{cell:.2f}" for cell in cells]
        else:
            shown = [number(cell) for cell in cells]
        if any(cell is not None for cell in cells):
            lines.append([entry["row"], *shown])
    return ["", *names], lines


def markdown(header, lines):
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *lines))


def plain(header, lines):
    """The table for a terminal: a header of two words stands on two lines."""
    words = [name.split(" ", 1) for name in header]
    heads = [[""] * len(header), [""] * len(header)]
    for place, parts in enumerate(words):
        heads[1][place] = parts[-1]
        heads[0][place] = parts[0] if len(parts) == 2 else ""
    table = [*heads, *lines]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    return "\n".join(_padded(row, widths) for row in table)


def _padded(cells, widths):
    """One line, the first cell to the left and the others to the right."""
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:]))]).rstrip()
