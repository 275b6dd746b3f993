"""Lines of a message that know shorter forms of themselves, and the choice of the forms that fit a channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """One way to say a line. ``rank``: lower ranks are granted room first. ``text`` may hold line breaks."""

    text: str
    rank: int = 0


@dataclass(frozen=True)
class Line:
    """One piece of a message. ``forms``: fullest first, at least one; an empty last one may be left out.

    ``if_shortened`` is said later when another form than the fullest was shown, ``later`` always.
    """

    forms: tuple[Form, ...]
    if_shortened: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    def rest(self, form: int) -> tuple[str, ...]:
        """Return what remains to be said after form number ``form`` was shown."""
        return (*(self.if_shortened if form else ()), *self.later)

    def map(self, change: Callable[[str], str]) -> Line:
        """Return the line with every text changed."""
        return Line(
            tuple(Form(change(form.text), form.rank) for form in self.forms),
            tuple(map(change, self.if_shortened)),
            tuple(map(change, self.later)),
        )


def plain(text: str) -> Line:
    """Return a line that has one form."""
    return Line((Form(text),))


def shown(lines: Sequence[Line], chosen: Sequence[int]) -> str:
    """Return the text of the chosen forms (one number a line), one below the other."""
    return "\n".join(text for line, form in zip(lines, chosen, strict=True) if (text := line.forms[form].text))


def choose(lines: Sequence[Line], fits: Callable[[str], bool]) -> tuple[int, ...]:
    """Return which form to show of each line: the shortest, lengthened in the order of their ranks while all fits."""
    chosen = [len(line.forms) - 1 for line in lines]
    wishes = sorted(
        (form.rank, -number, index) for index, line in enumerate(lines) for number, form in enumerate(line.forms)
    )
    for _, negative, index in wishes:
        before = chosen[index]
        if -negative < before:
            chosen[index] = -negative
            if not fits(shown(lines, chosen)):
                chosen[index] = before
    return tuple(chosen)
