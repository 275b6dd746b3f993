"""An answer from a card, as lines: what it says first, how it says it shorter, and what it says later.

Nothing here is a fact or a sentence: facts come from the card, words from ``locale/``. What a card does not know
is said to be unknown, and every answer names its source and the source's date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.core.phrases import Phrases
from bot.core.procedures import Amount, Procedure, Requirement, ServiceChannel, Source
from bot.core.replies import Aspect, ShowProcedure
from channels.lines import Form, Line, plain
from channels.wording import both, capital, date_text, either, money, sentence, series, site_name

MAX_STATES_LISTED = 3
"""A price that differs in more states than this is given as a range while the state is not known."""

# The order in which parts of an overview are granted room.
(
    _FIRST_REQUIREMENT,
    _FIRST_PLACE,
    _SOME_REQUIREMENTS,
    _COST,
    _ALL_REQUIREMENTS,
    _PLACE,
    _DEADLINE,
    _MARKS,
    _ALL_PLACES,
    _SOURCE,
    _LAST,
) = range(11)
_ENOUGH_REQUIREMENTS = 3
_FEW = 5
"""Things to bring that are named to who did not understand the whole list."""
_CUT = 120
"""Characters of a sentence that are enough for a first message, when the whole one leaves no room for its source."""
_IN_OVERVIEW: tuple[Aspect, ...] = ("overview", "requirements", "cost", "where")


def answer(reply: ShowProcedure, phrases: Phrases) -> list[Line]:
    """Return the lines of an answer, in order: the procedure's name, what was asked, the source."""
    return _Answer(reply, phrases).lines()


def _same_unit_once(amounts: Sequence[Amount]) -> list[Amount]:
    """Return the amounts with labels that repeat the first one's unit cut to their number: "3 años", "6", "10"."""
    units = {(amount.label or "").partition(" ")[2] for amount in amounts}
    numbered = all((amount.label or "").partition(" ")[0].isdigit() for amount in amounts)
    if len(units) != 1 or not numbered:
        return list(amounts)
    cut = [replace(amount, label=(amount.label or "").partition(" ")[0]) for amount in amounts[1:]]
    return [amounts[0], *cut]


class _Answer:
    def __init__(self, reply: ShowProcedure, phrases: Phrases) -> None:
        self.reply = reply
        self.card: Procedure = reply.procedure
        self.say = phrases
        # When the list is still to be settled by a question, what everybody brings is worth more than price and place.
        self.of_first_place, self.of_cost = (_COST, _LAST) if reply.before_question else (_FIRST_PLACE, _COST)

    def lines(self) -> list[Line]:
        aspects = self.reply.aspects or ("overview",)
        overview = "overview" in aspects
        card = self.card
        full_name = (sentence(card.name),) if overview and card.name != card.short else ()
        lines = [Line((Form(card.short),), later=full_name)]
        if overview:
            lines += [*self._requirements(), *self._cost(), self._places(), *self._deadline()]
            aspects = tuple(aspect for aspect in aspects if aspect not in _IN_OVERVIEW)
        for aspect in dict.fromkeys(aspects):
            lines += self._aspect(aspect)
        if aspects != ("source",):
            lines.append(self._source(with_more=overview))
        return lines

    def _aspect(self, aspect: Aspect) -> list[Line]:
        if aspect == "requirements":
            return self._only_requirements()
        if aspect == "cost":
            return self._only_cost()
        if aspect == "where":
            return [self._only_places()]
        if aspect == "hours":
            return self._hours()
        if aspect == "source":
            return self._full_source()
        if aspect == "simple":
            return self._simple()
        if aspect == "notes":
            return self._notes()
        return [_shortenable(text) for text in self._fact(aspect)]

    def _simple(self) -> list[Line]:
        """Return what it is for, what everybody brings by its short names, and one place to go."""
        card = self.card
        needed = [item.short for item in card.requirements if not item.optional and not self._case(item.when)]
        lines = [Line((Form(sentence(card.summary), _DEADLINE), Form("")), if_shortened=(sentence(card.summary),))]
        if needed:
            lines.append(Line(tuple(self._few(needed))))
        if card.channels:
            lines.append(plain(self.say("where", {"places": _with_phone(card.channels[0])})))
        return lines

    def _few(self, items: Sequence[str]) -> Iterator[Form]:
        few = items[:_FEW]
        for kept in range(len(few), 0, -1):
            text, left = series(few[:kept]), len(items) - kept
            if left:
                text = self.say("and_more", {"items": text, "rest": str(left)})
            yield Form(self.say("simple_needs", {"items": text}), _SOME_REQUIREMENTS)

    def _fact(self, aspect: Aspect) -> Iterator[str]:
        card, say = self.card, self.say
        if aspect == "duration":
            yield say("duration", {"text": card.duration}) if card.duration else say("duration_unknown")
        elif aspect == "who":
            yield say("who", {"text": card.who}) if card.who else say("who_unknown")
        elif aspect == "deadline":
            yield say("deadline", {"text": card.deadline}) if card.deadline else say("deadline_unknown")
        elif card.output or card.validity:
            yield from self._output()
        else:
            yield say("output_unknown")

    def _notes(self) -> list[Line]:
        """Return the notes; those that leave no room for the source come later."""
        if not self.card.notes:
            return []
        first, *others = self.card.notes
        return [
            _shortenable(first),
            *(Line((Form(note, _DEADLINE), Form("")), if_shortened=(note,)) for note in others),
        ]

    def _output(self) -> Iterator[str]:
        if self.card.output:
            yield self.say("output", {"text": self.card.output})
        if self.card.validity:
            yield self.say("validity", {"text": self.card.validity})

    def _deadline(self) -> list[Line]:
        if not self.card.deadline:
            return []
        text = self.say("deadline", {"text": self.card.deadline})
        return [Line((Form(text, _DEADLINE), Form("")), if_shortened=(text,))]

    # Requirements -----------------------------------------------------------------------------------------------

    def _requirements(self) -> list[Line]:
        if not self.card.requirements:
            by_phone = self.card.channels and all(channel.type == "phone" for channel in self.card.channels)
            text = self.card.summary if by_phone else self.say("requirements_unknown")
            forms = (Form(text, _FIRST_REQUIREMENT), Form(""))
            return [Line(forms, if_shortened=(text,), later=self.card.notes)]
        in_full = tuple(self._full_requirements())
        says_more = any(r.name != r.short or r.accepts or r.note for r in self.card.requirements)
        return [
            Line(
                tuple(self._short_requirements()),
                if_shortened=() if says_more else in_full,
                later=(*(in_full if says_more else ()), *self.card.notes),
            )
        ]

    def _only_requirements(self) -> list[Line]:
        if not self.card.requirements:
            return [plain(self.say("requirements_unknown"))]
        in_full = tuple(self._full_requirements())
        return [Line((Form("\n".join(in_full), _MARKS), *self._short_requirements()), if_shortened=in_full)]

    def _ordered(self) -> list[Requirement]:
        """Return what everybody needs first, then what depends on the case, then what is optional."""
        return sorted(self.card.requirements, key=lambda r: (r.optional, bool(self._case(r.when))))

    def _short_requirements(self) -> Iterator[Form]:
        """Yield: with original and copies, without, and fewer and fewer of them. A condition is never left out."""
        items = self._ordered()
        yield Form(self._grouped(items, marks=True), _MARKS)
        yield Form(self._grouped(items, marks=False), _ALL_REQUIREMENTS)
        texts = [self._inside(item.short, self._condition(item)) for item in items]
        for kept in range(len(items) - 1, 0, -1):
            some = self.say("and_more", {"items": series(texts[:kept]), "rest": str(len(items) - kept)})
            rank = _SOME_REQUIREMENTS if kept <= _ENOUGH_REQUIREMENTS else _ALL_REQUIREMENTS
            rank = _FIRST_REQUIREMENT if kept == 1 else rank
            yield Form(self.say("needs", {"items": some}), rank)
        if len(items) > 1:
            yield Form(self.say("needs_number", {"number": str(len(items))}))

    def _grouped(self, items: Sequence[Requirement], marks: bool) -> str:
        """Return lines in which items that share a condition and a mark stand together."""
        always: dict[str, list[str]] = {}
        in_case: dict[str, list[str]] = {}
        for item in items:
            mark, condition = self._mark(item) if marks else "", self._condition(item)
            if condition:
                in_case.setdefault(condition, []).append(self._inside(item.short, mark))
            else:
                always.setdefault(mark, []).append(item.short)
        groups = [self._marked(mark, series(shorts), mark == min(always)) for mark, shorts in sorted(always.items())]
        for condition, shorts in in_case.items():
            groups.append(self.say("needs_in_case", {"condition": capital(condition), "items": series(shorts)}))
        return "\n".join(groups)

    def _marked(self, mark: str, items: str, first: bool) -> str:
        if not mark:
            return self.say("needs", {"items": items})
        marked = self.say("marked", {"mark": mark, "items": items})
        return self.say("needs_marked", {"items": marked}) if first else capital(marked)

    def _full_requirements(self) -> Iterator[str]:
        yield self.say("requirements_heading")
        for item in self._ordered():
            qualities = [part for part in (self._mark(item), self._condition(item)) if part]
            parts = [self._inside(item.name, series(qualities))]
            if not all(each.casefold() in item.name.casefold() for each in item.accepts):
                parts.append(self.say("accepts", {"items": either(item.accepts, self.say)}))
            if item.note:
                parts.append(item.note)
            yield self.say("list_item", {"text": " ".join(map(sentence, parts))})

    def _mark(self, item: Requirement) -> str:
        if item.original and item.copies:
            return self.say("original_and_copies", n=item.copies)
        if item.original:
            return self.say("original_alone")
        return self.say("copies", n=item.copies) if item.copies else ""

    def _condition(self, item: Requirement) -> str:
        return self._case(item.when) or (self.say("if_any") if item.optional else "")

    def _case(self, when: dict[str, tuple[str, ...]]) -> str:
        """Return the words of the conditions that are still open; settled ones are not in the reply any more."""
        parts = []
        for condition, values in when.items():
            words = self.reply.conditions.get(condition)
            if words is not None:
                known = [words[value] for value in values if value in words]
                parts.append(either(known, self.say) if known else self.say("by_case"))
        return both(parts, self.say) if parts else ""

    def _inside(self, text: str, qualities: str) -> str:
        return self.say("with_qualities", {"text": text, "qualities": qualities}) if qualities else text

    # Cost -------------------------------------------------------------------------------------------------------

    def _cost(self) -> list[Line]:
        line, note = self._prices(), self._cost_note()
        if not note:
            return [line]
        if self.card.cost.free is None and not self.card.cost.amounts:
            return [line, Line((Form(note, self.of_cost), Form("")), if_shortened=(note,))]
        return [replace(line, later=(note, *line.later))]

    def _only_cost(self) -> list[Line]:
        note = self._cost_note()
        return [self._prices(), *([Line((Form(note, self.of_cost), Form("")), if_shortened=(note,))] if note else [])]

    def _cost_note(self) -> str:
        if self.card.cost.free is False and not self.card.cost.amounts:
            return ""  # said in the place of the price
        return self.say("cost_note", {"text": self.card.cost.note}) if self.card.cost.note else ""

    def _prices(self) -> Line:
        cost = self.card.cost
        if not cost.amounts:
            if cost.free is None:
                return plain(self.say("cost_unknown"))
            if not cost.free:
                if not cost.note:
                    return plain(self.say("cost_not_free"))
                # A price whose date nobody knows stands in the note: then the note is what is known of the cost.
                known = self.say("cost", {"text": cost.note})
                return Line((Form(known, self.of_cost), Form(self.say("cost_not_free"))), if_shortened=(known,))
            return plain(self._dated(self.say("cost_free"), (cost.as_of,)))
        free = [self.say("free")] if cost.free else []
        dates = tuple(amount.as_of or cost.as_of for amount in cost.amounts)
        listed = self._dated(", ".join([*free, *map(self._price, cost.amounts)]), dates)
        if len({amount.up_to or amount.amount for amount in cost.amounts}) == 1:
            return plain(listed)
        ranged = self._dated(", ".join([*free, self._price_range()]), dates)
        if self._depends_on_state() and len(self._states()) > MAX_STATES_LISTED:
            return Line((Form(ranged),), later=tuple(self._state_table()))
        if len(ranged) >= len(listed):
            return plain(listed)
        shorter = self._dated(", ".join([*free, *map(self._price, _same_unit_once(cost.amounts))]), dates)
        listed_rank = _LAST if self.reply.before_question else _MARKS
        forms = dict.fromkeys((Form(listed, listed_rank), Form(shorter, self.of_cost), Form(ranged)))
        return Line(tuple(forms), if_shortened=(listed,))

    def _dated(self, text: str, dates: tuple[str | None, ...]) -> str:
        years = sorted({date[:4] for date in dates if date})
        if not years:
            return self.say("cost", {"text": text})
        if len(years) == 1:
            return self.say("cost_of_year", {"text": text, "year": years[0]})
        return self.say("cost_of_years", {"text": text, "first": years[0], "last": years[-1]})

    def _states(self) -> set[str]:
        return {amount.state for amount in self.card.cost.amounts if amount.state}

    def _depends_on_state(self) -> bool:
        """Whether several states' prices are left: the state is not known, or the card has no price for it."""
        return len(self._states()) > 1

    def _price(self, amount: Amount) -> str:
        years = {each.as_of[:4] for each in self.card.cost.amounts if each.as_of}
        qualities = [
            amount.label or self._case(amount.when),
            amount.state or "",
            amount.as_of[:4] if amount.as_of and len(years) > 1 else "",
        ]
        text = money(amount.amount, amount.currency, self.say)
        if amount.up_to is not None:
            text = self.say("price_range", {"low": text, "high": money(amount.up_to, amount.currency, self.say)})
        return self._inside(text, series([quality for quality in qualities if quality]))

    def _price_range(self) -> str:
        amounts, say = self.card.cost.amounts, self.say
        low, high = min(amounts, key=lambda a: a.amount), max(amounts, key=lambda a: a.up_to or a.amount)
        values = {
            "low": money(low.amount, low.currency, say),
            "high": money(high.up_to or high.amount, high.currency, say),
        }
        if not self._depends_on_state():
            return say("price_by_case", values)
        if self.reply.state and self.reply.state not in self._states():
            return say("price_other_states", {**values, "state": self.reply.state})
        return say("price_by_state", values)

    def _state_table(self) -> Iterator[str]:
        yield self.say("states_heading")
        for amount in self.card.cost.amounts:
            price = self._price(replace(amount, state=None))
            yield self.say("state_price", {"state": amount.state, "price": price}) if amount.state else price

    # Places -----------------------------------------------------------------------------------------------------

    def _places(self) -> Line:
        channels = self.card.channels
        if not channels:
            return plain(self.say("where_unknown", {"authority": self.card.authority.short}))
        return Line((*self._short_places(), Form("")), later=tuple(self._full_places()))

    def _only_places(self) -> Line:
        if not self.card.channels:
            return plain(self.say("where_unknown", {"authority": self.card.authority.short}))
        in_full = tuple(self._full_places())
        return Line((Form("\n".join(in_full), _PLACE), *self._short_places()), if_shortened=in_full)

    def _short_places(self) -> Iterator[Form]:
        shorts = [_with_phone(channel) for channel in self.card.channels]
        yield Form(
            self.say("where", {"places": series(shorts)}), _ALL_PLACES if len(shorts) > 1 else self.of_first_place
        )
        for kept in range(len(shorts) - 1, 0, -1):
            some = self.say("and_more", {"items": series(shorts[:kept]), "rest": str(len(shorts) - kept)})
            yield Form(self.say("where", {"places": some}), self.of_first_place if kept == 1 else _PLACE)

    def _full_places(self) -> Iterator[str]:
        yield self.say("places_heading")
        for channel in self.card.channels:
            reach = [each for each in (channel.phone, _bare(channel.url)) if each and each not in channel.name]
            text = self.say("place", {"name": channel.name, "reach": series(reach)}) if reach else channel.name
            if channel.hours:
                text = self.say("place_with_hours", {"place": text, "hours": channel.hours})
            yield self.say("list_item", {"text": text})

    def _hours(self) -> list[Line]:
        known = [channel for channel in self.card.channels if channel.hours]
        if not known:
            places = [Line(tuple(self._short_places()))] if self.card.channels else []
            return [plain(self.say("hours_unknown")), *places]
        return [plain(self.say("hours", {"place": each.short, "hours": each.hours})) for each in known]

    # Source and the rest ----------------------------------------------------------------------------------------

    def _source(self, with_more: bool) -> Line:
        forms = tuple(
            Form(self._with_trust(self._dated_source(self.card.source, short), short), _SOURCE)
            for short in (False, True)
        )
        return Line(forms, later=tuple(self._background()) if with_more else ())

    def _dated_source(self, source: Source, month_only: bool = False) -> str:
        values = {"site": source.site or site_name(source.url)}
        if not source.date:
            return self.say("source_undated", values)
        return self.say("source", {**values, "date": date_text(source.date, month_only)})

    def _with_trust(self, text: str, short: bool = False) -> str:
        if self.card.verified:
            return self.say("verified", {"text": text, "authority": self.card.authority.short})
        confirm = "confirm_first_short" if short else "confirm_first"
        return self.say(confirm, {"text": text}) if self.card.confirm_first else text

    def _full_source(self) -> list[Line]:
        named = [self._named_source(source) for source in self.card.sources]
        return [
            plain(self._named_source(self.card.source)),
            plain(self._with_trust(self.say("researched", {"date": date_text(self.card.research_date)}))),
            Line((Form(self.card.source.url), Form("")), if_shortened=(self.card.source.url,)),
            Line((Form(""),), later=tuple(named)),
        ]

    def _named_source(self, source: Source) -> str:
        return self.say("named_source", {"title": sentence(source.title), "source": self._dated_source(source)})

    def _background(self) -> Iterator[str]:
        """Yield what an overview leaves for later, most useful first."""
        card, say = self.card, self.say
        if card.who:
            yield say("who", {"text": card.who})
        if card.duration:
            yield say("duration", {"text": card.duration})
        yield from self._output()
        if card.jurisdiction.note:
            yield card.jurisdiction.note
        if card.legal_basis:
            yield say("legal_basis", {"items": sentence("; ".join(card.legal_basis))})
        if card.homoclave:
            yield say("homoclave", {"code": card.homoclave})
        for source in (card.source, *card.sources):
            yield self._named_source(source)
        if card.confirm_first:
            yield say("confirm_hint")


def _shortenable(text: str) -> Line:
    """Return a line that may be cut after a sentence or, at the least, after a word: the whole text follows then."""
    sentences = re.split(r"(?<=\.) +", text)
    forms = [Form(text), *(Form(" ".join(sentences[:kept])) for kept in range(len(sentences) - 1, 0, -1))]
    if len(forms[-1].text) > _CUT:
        # Not after a number, whose unit would be lost.
        start = forms[-1].text[:_CUT].rpartition(" ")[0].rstrip("0123456789 ,;:(")
        forms.append(Form(start + "…"))
    return Line(tuple(forms), if_shortened=(text,))


def _with_phone(channel: ServiceChannel) -> str:
    return f"{channel.short} {channel.phone}" if channel.phone and channel.phone not in channel.short else channel.short


def _bare(url: str | None) -> str | None:
    """Return an address as people type it."""
    return url and url.removeprefix("https://").removeprefix("http://").rstrip("/")
