"""Writes the code of a chapter in steps anew, from the stage's code or from an edited state.

The stage before is what the steps begin with, and the stage is what they end with, whatever has
happened to either; lives.py says which step a changed line goes to. In each step lines find their
blocks as they do in a chapter without steps. Those that no block has a claim to get blocks of their
own at the end of the step, which the author moves to where they should be told: so the chapter
always holds all that is known of its steps.
"""

import draft
import renames
from lives import edited, founded, mended, recalled, state
from stages import number
from told import chapter_of, lines_of, sources
from steps import steps_in
from weave import Telling


def weave_steps(stage, previous, edit=None):
    """The chapter anew, what is left to the author, and the captions whose lines changed.

    edit is None, or (k, sources): the state after step k as its author wants it.
    """
    text = chapter_of(stage)
    steps = steps_in(text, number(stage))
    found, unclear = _lives(steps, sources(previous), sources(stage), edit)
    states = [_state(found, k) for k in range(len(steps) + 1)]
    lines, left, kept = text.split("\n"), list(unclear), []
    for step, before, after in reversed(list(zip(steps, states, states[1:]))):
        gone = _write(lines, step, before, after)
        left += [f"README.md:{block.caption_line}: {block.caption} told nothing any more and is "
                 "taken out; read what is around it" for block in gone]
        kept.insert(0, [block for block in step.blocks if block not in gone])
    woven = "\n".join(lines)
    touched = []
    for was, now in zip(kept, steps_in(woven, number(stage))):
        more, changed = _compared(was, now.blocks)
        left += more
        touched += changed
    return woven, left, touched


def remembered(steps, first):
    """The lives of every file as its told blocks have them, above the stage before."""
    names = sorted({*first, *(block.file for step in steps for block in step.blocks)})
    return {name: founded(recalled([step.told(name) for step in steps]),
                          lines_of(first.get(name, ""))) for name in names}


def _lives(steps, first, final, edit):
    """The lives of every file, with these first and last states; and what was unclear."""
    found, last = remembered(steps, first), len(steps)
    goals = {name: lines_of(final.get(name, ""))
             for name in sorted({*found, *final, *(edit[1] if edit else ())})}
    if edit:
        for name, goal in goals.items():
            lives = edited(found.get(name, []), edit[0], lines_of(edit[1].get(name, "")), last)
            found[name] = edited(lives, last, goal, last)
        return found, []
    old, unclear = {name: state(found.get(name, []), last) for name in goals}, []
    for name, goal in goals.items():
        found[name], questions = mended(found.get(name, []), goal, last)
        unclear += [_question(name, steps, one) for one in questions]
    renames.follow({name: (found[name], old[name], goal) for name, goal in goals.items()})
    return found, unclear


def _question(name, steps, one):
    """What is asked about lines that could belong to more than one step."""
    others = " or ".join(steps[k - 1].name for k in one.others if k)
    return (f"{name}:{one.first}: {one.count} lines put into step {steps[one.step - 1].name}"
            + (f"; or should it be {others}?" if others else "; is that their place?"))


def _state(lives, k):
    """The sources after step k; a file of which no line is left is not there."""
    found = {name: state(one, k) for name, one in lives.items()}
    return {name: "\n".join(lines) + "\n" for name, lines in found.items() if lines}


def _write(lines, step, before, after):
    """Rewrites the blocks of a step in the lines of its chapter; returns those taken out.

    What no block tells gets blocks at the end of the step.
    """
    files = _tellings(step, before, after)
    end = step.end - 1
    while not lines[end - 1].strip():
        end -= 1
    fresh, gone = draft.blocks(list(files.values())), []
    lines[end:end] = [text for block in fresh for text in ["", *block.rstrip("\n").split("\n")]]
    for block in reversed(step.blocks):
        telling = files[block.file]
        caption, body = telling.body(block) if block in telling.blocks else ("", [])
        if body:
            lines[block.open_line:block.close_line - 1] = body
            lines[block.caption_line - 1] = caption
        else:
            del lines[block.caption_line - 1:block.close_line + 1]  # a blank line with it
            gone.append(block)
    return gone


def _tellings(step, before, after):
    """A Telling for each file that the step changes or names, without blocks of the wrong kind.

    A file's kind changes when its first line moves to another step.
    """
    files = {}
    for name in sorted({*before, *after, *(block.file for block in step.blocks)}):
        kind = "diff" if name in before else "cpp"
        blocks = [block for block in step.blocks if block.kind == kind]
        new = after.get(name, "" if name in before else None)  # its last line may go
        files[name] = Telling(name, before.get(name), new, blocks)
    return files


def _compared(was, now):
    """What is left to the author in a step's blocks, and those whose lines changed."""
    left, touched = [], []
    for k, block in enumerate(now):
        here = f"README.md:{block.caption_line}: {block.caption}"
        if k >= len(was):
            left.append(f"{here} is a new block; put it where it should be told")
        elif [c[:2] for c in was[k].changes()] != [c[:2] for c in block.changes()]:
            touched.append(here)
    return left, touched
