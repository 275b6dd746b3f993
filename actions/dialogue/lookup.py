"""From a text to an answer: what the search found, what the conversation was about, and what the intent adds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from actions.dialogue import cards, options
from actions.dialogue.ages import denied, fits, made_for, named_rather, only_fitting, rather_for
from actions.dialogue.aspects import BY_INTENT, asked, aspects_of, without_question
from actions.dialogue.cases import of_minor, other_person, told
from actions.dialogue.clauses import never_had, parts
from actions.dialogue.events import show_event, step_options
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names, roots, without_persons
from actions.dialogue.nearest import likeliest_event
from actions.dialogue.steps import is_conditional
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.places import Place, fold
from bot.catalogue.search import Hit, Verdict
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import LifeEvent, Procedure
from bot.core.replies import Ask, Aspect, Option, ShowProcedure
from bot.understanding.decision import ASKING, Decision
from bot.understanding.words import rest

_GOES_ON = ("y ", "e ", "pero ", "entonces ", "tambien ", "ese ", "eso ", "esa ", "and ")
_OPENS = re.compile(
    r"^(?:(?:ok|okey|okay|oki|bueno|va|vale|sale|si|ah|aja|oiga|oye|gracias|perfecto|entiendo"
    r"|(?:y )?(?:a proposito|por cierto|cambiando de tema|otra (?:cosa|pregunta|duda))) )+"
)
"""What a going on begins with before it goes on ("ok, y …")."""
_ELLIPSIS = re.compile(
    r"^(?:y|e|pero|entonces|tambien|and) (?:(?:que|cuanto) )?"
    r"(?:el|la|los|las|lo|de|del|para|pa|en|con|por|mi|un|una|otr[oa]|cual|of|for|in|the)(?!\w)"
)
"""A going on without a verb of its own asks what was asked before ("¿y la CURP?"), others tell something."""


_KIND_OF_IT = re.compile(r"(?<!\w)(?:renov|repon|cambi|correg|actualiz|revalid)\w*[aei]rl[oa]s?(?!\w)")
"""A verb that names a kind of procedure, done to "it"."""


def look_up(turn: Turn, know: Knowledge, aspects: tuple[Aspect, ...] | None = None) -> Answer | None:
    """Answer from the cards, or None when they have nothing for this text. ``aspects``: instead of what it asks for."""
    place = know.place_in(turn.text)
    wanted = aspects if aspects is not None else aspects_of(turn.text, turn.intent, turn.confidence)
    if is_follow_up(turn, know):
        return _follow_up(turn, know, wanted, place)
    if _only_kind_of_it(turn, know):
        return _kind_of_it(turn, know, wanted)
    going_on = goes_on(turn)
    verdict = _find_going_on(turn, know) if going_on else sought(turn, know)
    if place is not None and _is_part_of_name(place, verdict, know):
        place = None
    if place is not None and _is_there_only(turn, know, verdict):
        alone = replace(turn, text=know.without_place(turn.text))
        verdict = sought(alone.remember(state=place.state), know)
    if place is not None:
        turn = turn.remember(state=place.state, municipality=place.municipality)
    if going_on and aspects is None:
        wanted = wanted or _same_asked(turn)
    found = of_verdict(turn, know, verdict, wanted)
    if found is None and going_on and wanted:
        return _follow_up(turn, know, wanted, place)
    return found


_HAPPENED = re.compile(r"(?<!\w)que (?:ya )?(?:no )?(?:se )?(?:me|le|nos|les)(?!\w)")
"""Tells what became of a thing ("la INE que se me perdió")."""
_OF_ONE_CARD: frozenset[Aspect] = frozenset({"who", "notes", "source", "simple"})
"""Parts that were asked for one card's sake and not of the next."""


def _same_asked(turn: Turn) -> tuple[Aspect, ...]:
    """Return what was asked before, where a text only names another thing to ask it of ("¿y la CURP?")."""
    return asked_before(turn) if _ELLIPSIS.match(_OPENS.sub("", normalise(turn.text))) else ()


def asked_before(turn: Turn) -> tuple[Aspect, ...]:
    """Return the parts asked for last that may be asked of another card too; none where a text tells what happened."""
    if _HAPPENED.search(normalise(turn.text)):
        return ()
    return tuple(aspect for aspect in turn.memory.last_aspects if aspect not in _OF_ONE_CARD)


def goes_on(turn: Turn) -> bool:
    """Say whether a text takes up the procedure that was just talked about ("¿y para mi hijo?", "¿y renovarla?")."""
    said = _OPENS.sub("", normalise(turn.text))
    return turn.memory.last_procedure is not None and (said.startswith(_GOES_ON) or bool(_KIND_OF_IT.search(said)))


def _only_kind_of_it(turn: Turn, know: Knowledge) -> bool:
    """Say whether a text names nothing but a kind of procedure of what is in view ("¿cuánto cuesta renovarla?")."""
    said = without_question(know.without_place(turn.text))
    in_view = turn.memory.last_procedure is not None
    return in_view and bool(_KIND_OF_IT.search(said)) and not names(_KIND_OF_IT.sub(" ", said))


def _kind_of_it(turn: Turn, know: Knowledge, wanted: tuple[Aspect, ...]) -> Answer | None:
    card = know.catalogue.procedures[turn.memory.last_procedure or ""]
    together = with_last(turn, know)
    first = _best(together, "procedure")
    wanted = wanted or turn.memory.last_aspects
    if together.outcome == "answer" and first is not None and another_kind(know, card, first.id):
        return of_verdict(turn, know, together, wanted)
    return cards.show(turn, know, card, wanted)


def _is_there_only(turn: Turn, know: Knowledge, verdict: Verdict) -> bool:
    """Say whether a place's card was found for nothing but the place's name."""
    first = _best(verdict, "procedure")
    card = know.catalogue.procedures[first.id] if first is not None and verdict.outcome == "answer" else None
    if card is None or card.jurisdiction.state is None:
        return False
    where = roots(f"{card.jurisdiction.municipality or ''} {card.jurisdiction.state}")
    named = roots(" ".join((card.name, card.short, *card.aliases))) - where
    return not named & roots(without_persons(know.without_place(turn.text)))


def _is_part_of_name(place: Place, verdict: Verdict, know: Knowledge) -> bool:
    """Say whether the municipality is only the name of what was found ("beca Benito Juárez")."""
    first = _best(verdict, "procedure")
    if first is None or place.municipality is None:
        return False
    card = know.catalogue.procedures[first.id]
    names = f" {fold(' . '.join((card.name, card.short, *card.aliases)))} "
    return card.jurisdiction.state != place.state and f" {fold(place.municipality)} " in names


def decide(turn: Turn, know: Knowledge, *, matter_only: bool = False) -> Decision:
    """Decide what a message is, with what is known of the person and of the conversation."""
    place = turn.place
    return know.decider.decide(
        turn.text,
        turn.ranking,
        state=place.state if place else None,
        municipality=place.municipality if place else None,
        recent=turn.memory.last_procedure,
        matter_only=matter_only,
    )


def surer(turn: Turn, know: Knowledge) -> bool:
    """Say whether the cards are to answer, whatever intent was heard."""
    return decide(turn, know).looks_up


_SURELY = 0.5
"""From this chance on what was asked for apart is found, whatever the words of its names."""
_SOME = 0.15
"""The least score of a step's card to be taken for what is meant, when nothing but a step can be."""
_FEW = 3
_CLEAR = 0.8
"""From this score on words that were cut out of a sentence are a name."""
PLAIN_QUESTION = ((ASKING, 0.9),)
"""The ranking of words that were cut out of a message: they ask for a procedure, or the cards do not know them."""


def sought(turn: Turn, know: Knowledge) -> Verdict:
    """Return what the cards have for what a text asks for, unknown if that is nothing of ours.

    Of a text that also names what is there already, or is not wanted, only the rest is looked for.
    """
    whole = _sought(turn, know)
    return asked_apart(turn, know, whole) or whole


def asked_apart(turn: Turn, know: Knowledge, whole: Verdict) -> Verdict | None:
    """Return what is asked for beside what a text only names; None where the text is one whole (see clauses.py)."""
    apart = parts(turn.text)
    left = apart.left if apart is not None else never_had(turn.text)
    if left is None:
        return None
    alone = _sought(replace(turn, text=left, ranking=PLAIN_QUESTION), know)
    first, before = _best(alone, "procedure"), _best(whole, "procedure")
    said = names_of(left)
    named_aside = apart is None or before is None or names_of(apart.aside) & called(know, _card_of(know, before.id))
    if whole.outcome in ("answer", "ask_place") and not named_aside:
        return None  # what is set aside does not draw the search anywhere
    told, before_told = _best(alone, "life_event"), _best(whole, "life_event")
    if apart is not None and alone.outcome == whole.outcome == "life_event" and told and before_told:
        aside = names_of(apart.aside) & _event_names(know, before_told.id)
        return alone if told.id != before_told.id and aside else None
    if alone.outcome == "clarify" and whole.outcome not in ("clarify", "unknown"):
        return None
    if alone.outcome in ("answer", "ask_place", "clarify") and first is not None:
        card = know.catalogue.procedures[first.id]
        sure = apart is not None and alone.outcome == "answer" and first.score >= _SURELY
        unnamed = whole.outcome == "life_event"  # what happened is told; only a name asks for something else
        unnamed = unnamed or (whole.outcome == "answer" and before is not None and before.score > first.score)
        return alone if said & called(know, card) or (sure and not unnamed) else None
    if apart is None or before is None or whole.outcome not in ("answer", "ask_place", "clarify"):
        return None
    card = know.catalogue.procedures[before.id]
    only_aside = names_of(apart.aside) & called(know, card) and not said & called(know, card)
    return Verdict("unknown", alone.hits, alone.place) if only_aside and alone.outcome == "unknown" else None


def _event_names(know: Knowledge, event: str) -> set[str]:
    """Return the stems of all of a life event's names."""
    found = know.catalogue.life_events[event]
    return {stem(word) for name in (found.name, found.short, *found.aliases) for word in normalise(name).split()}


def names_of(text: str) -> set[str]:
    """Return the stems of the words of a normalised text that may name something."""
    return {stem(word) for word in names(without_persons(without_question(text)))}


def _sought(turn: Turn, know: Knowledge) -> Verdict:
    decision = decide(turn, know)
    if not decision.looks_up:
        decision = decide(turn, know, matter_only=True)
    if decision.kind == "out_of_scope" and not decision.verdict.family:
        return Verdict("unknown", decision.verdict.hits, decision.verdict.place)
    return decision.verdict


def _find_going_on(turn: Turn, know: Knowledge) -> Verdict:
    """Search for "¿y cuánto la curp?" by itself where it is clear, else with what was said before.

    "¿Y el de mi hijo?" names nothing that could be found by itself.
    """
    if other_person(turn.text):
        younger = minors_card(turn, know)
        if younger is not None:
            return Verdict("answer", (Hit(younger.id, 1.0, "procedure"),))
        other = sought(turn, know)
        if other.outcome in ("answer", "ask_place") and named_elsewhere(turn, know, other.hits) is not None:
            return other
        together = with_last(turn, know)
        if together.outcome in ("answer", "ask_place"):
            return together
    alone = sought(turn, know)
    if alone.outcome not in ("unknown", "clarify"):
        return _meant_too(turn, know) or alone
    named = named_elsewhere(turn, know, alone.hits)
    if named is not None:
        return Verdict("answer", (named,), alone.place, know.catalogue.procedures[named.id].family)
    if alone.outcome == "clarify" and _settled(turn, know, alone.hits, asked(turn.text)):
        return alone
    itself = _named_itself(turn, know)
    if itself is not None:
        return itself
    if alone.outcome == "clarify" and _all_named(turn, know, alone.hits):
        return alone
    together = with_last(turn, know)
    return together if together.outcome in ("answer", "ask_place") else alone


_TOO = re.compile(r"(?<!\w)(?:tambien|igual|asi mismo|asimismo|too|as well)$")


def _meant_too(turn: Turn, know: Knowledge) -> Verdict | None:
    """Return another card of the same kind of deed, where it is to be done to something else too ("y el acta también").

    What was just talked about is done to a thing; the thing's own card would be another matter.
    """
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or not _TOO.search(normalise(turn.text)):
        return None
    deed = normalise(card.short).split()[0]
    together = sought(replace(turn, text=f"{deed} {turn.text}", ranking=PLAIN_QUESTION), know)
    first = _best(together, "procedure")
    if together.outcome not in ("answer", "ask_place", "clarify") or first is None:
        return None
    same_deed = stem(deed) in subject(know.catalogue.procedures[first.id])
    return together if same_deed and first.id != card.id else None


_LIKELY = 0.3
_TWICE = 2.0
_AHEAD = 3.0


def called(know: Knowledge, card: Procedure) -> set[str]:
    """Return the stems of all of a card's names."""
    family = know.catalogue.families.get(card.family or "")
    names_ = (card.name, card.short, *card.aliases, family.name if family else "")
    return {stem(word) for name in names_ for word in normalise(name).split()}


def fully_named(know: Knowledge, card: Procedure, text: str) -> bool:
    """Say whether a text has one of a card's names, or of its family's, whole."""
    said = {stem(word) for word in normalise(text).split()}
    family = know.catalogue.families.get(card.family or "")
    names_ = (card.name, card.short, *card.aliases, family.name if family else "", family.short if family else "")
    return any(needed <= said for name in names_ if (needed := {stem(word) for word in keywords(normalise(name))}))


def words_of(turn: Turn, know: Knowledge) -> set[str]:
    """Return the stems of the words that may name something."""
    return {stem(word) for word in names(without_persons(without_question(know.without_place(turn.text))))}


_ARTICLES = frozenset("un una unos unas el la los las mi mis su sus al del otro otra este esta ese esa".split())  # noqa: SIM905


_DONE_FOR_HER = re.compile(r"(?<!\w)(?:me|se|nos|te|donde|como|cuando|quien) l[oa]s? \w+")
"""A verb after two pronouns ("que me la repongan")."""


def things(turn: Turn, know: Knowledge) -> set[str]:
    """Return the stems of the words that may name something and are nouns by what stands before them ("un elefante").

    Of other words it cannot be told: most are verbs of what is in view ("¿cuánto me darían?").
    """
    said = without_question(_DONE_FOR_HER.sub(" ", know.without_place(turn.text))).split()
    named = set(names(without_persons(" ".join(said))))
    after = {word for before, word in pairwise(said) if before in _ARTICLES}
    return {stem(word) for word in named & after}


def named_elsewhere(turn: Turn, know: Knowledge, hits: Sequence[Hit]) -> Hit | None:
    """Return the card, other than the one in view, that the words name: likely, well ahead, half of them its names."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    ranked = [hit for hit in hits if hit.kind == "procedure"]
    if card is None or not ranked or cards.same_matter(know, ranked[0].id, card):
        return None
    said = words_of(turn, know) - called(know, card)
    ahead = len(ranked) < 2 or ranked[0].score >= _AHEAD * ranked[1].score
    common = said & called(know, know.catalogue.procedures[ranked[0].id])
    return ranked[0] if said and ranked[0].score >= _LIKELY and ahead and 2 * len(common) >= len(said) else None


def _all_named(turn: Turn, know: Knowledge, hits: Sequence[Hit]) -> bool:
    """Say whether every word names one of the close cards and none the card in view ("¿y la pensión?")."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    said = words_of(turn, know)
    near = [called(know, know.catalogue.procedures[hit.id]) for hit in hits[:3] if hit.kind == "procedure"]
    return bool(said and near and card) and said <= set.intersection(*near) and not said & called(know, card)


def _named_itself(turn: Turn, know: Knowledge) -> Verdict | None:
    """Return what the few words that name something surely find by themselves ("¿y ella necesita CURP?")."""
    named = names(without_persons(without_question(know.without_place(turn.text))))
    if not 0 < len(named) <= _FEW:
        return None
    verdict = sought(replace(turn, text=" ".join(named), ranking=PLAIN_QUESTION), know)
    sure = verdict.outcome == "answer" and verdict.hits and verdict.hits[0].score >= _CLEAR
    return verdict if sure else None


def with_last(turn: Turn, know: Knowledge) -> Verdict:
    """Search for the words together with the name of what was just talked about."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None:
        return Verdict("unknown", ())
    return sought(replace(turn, text=f"{everyday_name(know, card)} {turn.text}", ranking=PLAIN_QUESTION), know)


def everyday_name(know: Knowledge, card: Procedure) -> str:
    """Return what people call a card: its family's name, or its first alias."""
    family = know.catalogue.families.get(card.family or "")
    return family.name if family else card.aliases[0] if card.aliases else card.short


_DESCRIBES = re.compile(
    r"(?<!\w)(?:papel|documento|constancia|carta|hoja|comprobante) (?:que|donde) "
    r"(?:dice|diga|digan|compr\w+|acredit\w+|conste)"
)
"""Says what a paper is, with words that are everybody's ("el papel que dice que vivo en …")."""


def describes_paper(text: str) -> bool:
    """Say whether a text asks for a paper by what it says."""
    return bool(_DESCRIBES.search(normalise(text)))


def is_follow_up(turn: Turn, know: Knowledge) -> bool:
    """Say whether the text names no procedure of its own ("¿y cuánto cuesta?", "¿y en Jalisco?", "dónde")."""
    if describes_paper(turn.text):
        return False
    said = know.without_place(turn.text)
    return bool(turn.text.strip()) and (not names(said) or not names(without_question(said)) or asks_only(turn, know))


def asks_only(turn: Turn, know: Knowledge) -> bool:
    """Say whether a text is nothing but a question about the card in view ("hasta cuándo")."""
    named = names(without_persons(without_question(know.without_place(turn.text))))
    in_view = turn.memory.last_procedure is not None or turn.memory.pending_kind in ("step", "clarify")
    return in_view and bool(asked(turn.text)) and not named


def tells_place(turn: Turn, know: Knowledge) -> bool:
    """Say whether a text tells a place and nothing else ("vivimos en la Ciudad de México")."""
    said = know.without_place(turn.text)
    return know.place_in(turn.text) is not None and not names(said) and not asked(turn.text) and not goes_on(turn)


def _follow_up(turn: Turn, know: Knowledge, wanted: tuple[Aspect, ...], place: Place | None) -> Answer | None:
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if place is not None:
        turn = turn.remember(state=place.state, municipality=place.municipality)
    if card is None:
        return _ask_topic(turn, know, wanted)
    if not wanted and place is None and not (goes_on(turn) and any(map(str.isdigit, turn.text))):
        return None
    wanted = wanted or turn.memory.last_aspects
    if place is None and other_person(turn.text):
        together = with_last(turn, know)
        first = _best(together, "procedure")
        if together.outcome == "answer" and first is not None and another_kind(know, card, first.id):
            return of_verdict(turn, know, together, wanted)
    return cards.show(turn, know, card, wanted) if place is None else look_up_at(turn, know, place, wanted)


def look_up_at(turn: Turn, know: Knowledge, place: Place, wanted: tuple[Aspect, ...]) -> Answer | None:
    """Answer the matter in view for a place."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None:
        return None
    return cards.show_at(turn, know, card, place, wanted)


def _ask_topic(turn: Turn, know: Knowledge, wanted: tuple[Aspect, ...]) -> Answer | None:
    """Ask for the procedure when only a part of a card was asked for; of the life event shown, offer the steps."""
    if not wanted and turn.intent not in BY_INTENT:
        return None
    pending = turn.memory.pending
    usual = pending is not None and pending.tries > 0 and "cost" in wanted
    if pending is not None and pending.kind == "step" and pending.candidates and not usual:
        return cards.settle(replace(turn, text=f"{pending.text}. {turn.text}"), know, pending.candidates, wanted)
    if pending is not None and pending.kind == "clarify":
        return likeliest(turn, know, pending, wanted)
    if pending is not None and pending.kind in ("place", "cost_place") and pending.candidates:
        return None
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if event is not None and "output" in wanted:  # "¿cuánto dan?": of the only step that gives money
        sure = [step for step in event.steps if not is_conditional(step)]
        paid = [s for s in sure if any(cards.pays(know.catalogue.procedures[p]) for p in s.procedures)]
        if len(paid) == 1:
            return cards.settle(turn, know, paid[0].procedures, wanted, paid[0].title)
    steps: tuple[Option, ...] = step_options(event) if event else ()
    return answer(turn, "clarify", Ask("ask_topic", steps), pending=Pending("topic", (), wanted, turn.text))


def likeliest(turn: Turn, know: Knowledge, pending: Pending, wanted: tuple[Aspect, ...]) -> Answer | None:
    """Answer from the likeliest of what was to be chosen from, by what both messages say."""
    both = sought(replace(turn, text=f"{pending.text}. {turn.text}", ranking=PLAIN_QUESTION), know)
    return options.likelier(turn, know, pending, (*both.hits, *both.others), wanted)


def of_verdict(turn: Turn, know: Knowledge, verdict: Verdict, wanted: tuple[Aspect, ...]) -> Answer | None:
    """Answer what the search found, or None when it found nothing to answer with."""
    event, procedure = _best(verdict, "life_event"), _best(verdict, "procedure")
    begun = _event_begun(turn, know, verdict)
    if begun is not None:
        return show_event(turn, know, begun, verdict.hits)
    if verdict.outcome == "life_event" and event:
        step = _step_meant(turn, know, verdict, event) or _step_named(turn, know, verdict, event)
        if step is not None:
            return cards.settle(turn, know, [step.id], wanted)
        return show_event(turn, know, event.id, verdict.hits)
    if verdict.outcome == "clarify":
        step = _step_in_view(turn, know, verdict)
        if step is not None:
            return cards.settle(turn, know, [step.id], wanted)
        settled = _settled(turn, know, verdict.hits, wanted)
        return cards.show(turn, know, settled, wanted) if settled else clarify(turn, know, verdict.hits, wanted)
    if procedure is None or (verdict.outcome == "unknown" and not (verdict.family and verdict.place)):
        return None
    card = know.catalogue.procedures[procedure.id]
    if card.family is None and card.jurisdiction.municipality and not fits_place(card, verdict.place or turn.place):
        card = _for_everybody(know, verdict, procedure) or card  # a town's card is for who is there
    elif _of_one_state(card) and not fits_place(card, verdict.place or turn.place):
        card = _for_everybody(know, verdict, procedure, _NEARLY) or card
        place = know.place_in(turn.text) or verdict.place or turn.place
        if fits_place(card, place):
            return cards.show(turn, know, card, wanted)
        if _of_one_state(card) and place is not None:
            there = turn.remember(state=place.state, municipality=place.municipality)
            return cards.no_card(there, know, [card], wanted, cards.plain_name(know, card))
    if verdict.outcome == "answer" and turn.memory.last_procedure != card.id:
        aged = made_for(know, card, turn.text)
        if aged is not None and not named_rather(card, aged, turn.text):
            return cards.show(turn, know, aged, wanted)
        other = rather_for(know, card, turn.text) or aged
        if other is not None and not fully_named(know, card, _affirmed(turn.text)):
            return cards.show(turn, know, other, () if denied(card, turn.text) else wanted)
    if not wanted and verdict.outcome == "answer" and fits(card, turn.text) is False:
        wanted = ("who",)
    if verdict.outcome == "answer" and (card.family is None or fits_place(card, turn.place)):
        unnamed = _kinds_not_named(turn, know, card)
        return cards.which(turn, unnamed, wanted) if unnamed else cards.show(turn, know, card, wanted)
    ordered = [hit.id for hit in verdict.hits if hit.kind == "procedure"]
    family = cards.siblings(know, card)
    ids = [id_ for id_ in ordered if id_ in family] + [id_ for id_ in family if id_ not in ordered]
    return cards.settle(turn, know, ids, wanted)


_AS_GOOD = 0.05
_NOT_THERE = re.compile(r"(?<!\w)(?:no|sin|nunca|ni) (?:(?:tengo|tiene|tenemos|cuento|con|el|la|un|una) )*\w+")
_WHERE_TO_BEGIN = re.compile(
    r"(?<!\w)(?:por d?onde (?:\w+ )?(?:empie|empe|comie|come|inici|arranc)\w*"
    r"|(?:que|cual) (?:\w+ )?(?:\w+ )?(?:primero|siguen?)"
    r"|primero que|que (?:hago|hay que hacer|tengo que hacer|debo hacer)|que me falta|paso (?:a|por) paso|que pasos"
    r"|(?:que|cuales) (?:apoyos|ayudas|beneficios|programas|derechos)|(?:hay|habra) (?:apoyos|ayudas))(?!\w)"
)
"""Asks for the way through a matter rather than for one paper of it."""


def _event_begun(turn: Turn, know: Knowledge, verdict: Verdict) -> str | None:
    """Return the life event that a message begins, when it asks where to begin and a step of it was found."""
    if turn.memory.last_procedure is not None or not _WHERE_TO_BEGIN.search(normalise(turn.text)):
        return None
    if verdict.outcome == "life_event":
        return None  # that is the one
    told_of = likeliest_event(know, turn.text)
    if told_of is not None and told_of != turn.memory.last_life_event:
        return told_of
    first = _best(verdict, "procedure")
    heard = next((hit.id for hit in (*verdict.hits, *verdict.others) if hit.kind == "life_event"), None)
    told = decide(turn, know).event
    if first is None:
        return None
    events = know.catalogue.life_events
    having = [id_ for id_, event in events.items() if any(first.id in step.procedures for step in event.steps)]
    if told is not None and told.id not in having and verdict.outcome == "clarify":
        return told.id if told.id != turn.memory.last_life_event else None  # no card was surely found
    ranked = [id_ for id_ in (told.id if told is not None else None, heard) if id_ in having]
    if not ranked and "por donde" in normalise(turn.text):
        ranked = having
    return ranked[0] if len(set(ranked)) == 1 and ranked[0] != turn.memory.last_life_event else None


def _affirmed(text: str) -> str:
    """Return a text without the things that it says are not there ("no tengo Infonavit")."""
    return _NOT_THERE.sub(" ", normalise(text))


_NEARLY = 0.4


def _of_one_state(card: Procedure) -> bool:
    """Say whether a card is of one state only, and not a line to call or a matter that may not wait for a question."""
    alone = card.family is None and card.jurisdiction.state is not None and card.jurisdiction.municipality is None
    return alone and card.sensitive == "none" and card.id not in cards.HELP_CARDS


def _for_everybody(know: Knowledge, verdict: Verdict, first: Hit, least: float = _AS_GOOD) -> Procedure | None:
    """Return the next card that holds in the whole country, if it may as well be meant."""
    for hit in (*verdict.hits, *verdict.others):
        if hit.kind == "procedure" and hit.score >= least * first.score:
            card = know.catalogue.procedures[hit.id]
            if card.jurisdiction.state is None:
                return card
    return None


def _step_meant(turn: Turn, know: Knowledge, verdict: Verdict, event: Hit) -> Procedure | None:
    """Return the card that the words mean among the steps in view, where they would only bring the same steps again."""
    if event.id != turn.memory.last_life_event or turn.memory.last_procedure is not None:
        return None
    of_event = {id_ for step in know.catalogue.life_events[event.id].steps for id_ in step.procedures}
    first = next((hit for hit in verdict.hits if hit.kind == "procedure" and hit.id in of_event), None)
    card = know.catalogue.procedures[first.id] if first is not None and first.score >= _SOME else None
    return card if card is not None and (card.family is None or fits_place(card, turn.place)) else None


def _step_named(turn: Turn, know: Knowledge, verdict: Verdict, event: Hit) -> Procedure | None:
    """Return the card of a step that was found as surely as the event, for what happened to the thing it is of."""
    first = _best(verdict, "procedure")
    kinds = [each for id_ in options.KINDS_OF_CASE if (each := know.catalogue.conditions.get(id_)) is not None]
    if first is None or first.score < max(_SURELY, event.score - _AS_GOOD) or not told(turn.text, kinds):
        return None
    card = know.catalogue.procedures[first.id]
    of_event = {id_ for step in know.catalogue.life_events[event.id].steps for id_ in step.procedures}
    named = {stem(word) for word in normalise(turn.text).split()} & _thing(card)
    return card if card.id in of_event and named and card.jurisdiction.state is None else None


def _step_in_view(turn: Turn, know: Knowledge, verdict: Verdict) -> Procedure | None:
    """Return the only one of close cards that is a step of the life event in view."""
    close = [hit.id for hit in verdict.hits[:3] if hit.kind == "procedure"]
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and words_of(turn, know) <= cards.every_word(card):
        return None
    for event in _events_in_view(turn, know):
        of_event = {id_ for step in event.steps for id_ in step.procedures}
        fitting = [id_ for id_ in close if id_ in of_event]
        if event.id != turn.memory.last_life_event:  # only near: the words must name what is taken
            fitting = [id_ for id_ in fitting if words_of(turn, know) & called(know, _card_of(know, id_))]
        if fitting and fitting[0] == close[0] and _in_one_step(event, fitting) and _is_ahead(verdict):
            fitting = fitting[:1]
        if len(fitting) == 1 and not cards.same_matter(know, turn.memory.last_procedure, _card_of(know, fitting[0])):
            return know.catalogue.procedures[fitting[0]]
    return None


def _in_one_step(event: LifeEvent, ids: Sequence[str]) -> bool:
    return any(set(ids) <= set(step.procedures) for step in event.steps)


def _is_ahead(verdict: Verdict) -> bool:
    scores = [hit.score for hit in verdict.hits if hit.kind == "procedure"]
    return len(scores) == 1 or scores[0] >= _TWICE * scores[1]


def _card_of(know: Knowledge, id_: str) -> Procedure:
    return know.catalogue.procedures[id_]


def _events_in_view(turn: Turn, know: Knowledge) -> list[LifeEvent]:
    """Return the life event whose steps were shown, then those that the card in view is a step of first."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    ids = [turn.memory.last_life_event or "", *(card.life_events[:1] if card is not None else ())]
    return [known for id_ in dict.fromkeys(ids) if (known := know.catalogue.life_events.get(id_)) is not None]


def another_kind(know: Knowledge, card: Procedure, other: str) -> bool:
    """Say whether a card is the same thing for other persons: of one family, or called by the same thing's name."""
    rival = know.catalogue.procedures[other]
    if rival.id == card.id or {rival.jurisdiction.state, card.jurisdiction.state} != {None}:
        return False
    if rival.family is not None and rival.family == card.family:
        return True
    return bool(subject(card) & subject(rival))


def minors_card(turn: Turn, know: Knowledge) -> Procedure | None:
    """Return the card that is for minors of what the card in view is for adults, when a minor is told of."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or not of_minor(turn.text):
        return None
    kinds = (c for c in know.catalogue.procedures.values() if another_kind(know, card, c.id))
    minors = [c for c in kinds if _MINOR in subject(c) and subject(c) - {_MINOR} <= subject(card)]
    return minors[0] if len(minors) == 1 else None


_MINOR = stem("menores")


def same_thing(know: Knowledge, card: Procedure) -> list[Procedure]:
    """Return the other cards of the thing that a card is about ("pasaporte"): for others, again, when it was lost."""
    kinds = (c for c in know.catalogue.procedures.values() if another_kind(know, card, c.id))
    return [c for c in kinds if _thing(card) & _thing(c)]


def thing_of(card: Procedure) -> str:
    """Return the words of a card's short name that name the thing it is about."""
    return " ".join(word for word in normalise(card.short).split() if stem(word) in _thing(card))


def _one_thing(close: Sequence[Procedure]) -> bool:
    """Say whether cards are all about the same thing ("pasaporte")."""
    return bool(close) and bool(set.intersection(*(_thing(card) for card in close)))


def named_by_town(turn: Turn, know: Knowledge) -> Procedure | None:
    """Return the card like the one in view that has a town's name for its own ("¿y la Benito Juárez?")."""
    place = know.place_in(turn.text)
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or place is None or place.municipality is None or not goes_on(turn):
        return None
    named = f" {fold(place.municipality)} "
    like_it = [other for other in know.catalogue.procedures.values() if subject(card) & subject(other)]
    fitting = [
        other
        for other in like_it
        if other.jurisdiction.state is None
        and named in f" {fold(' . '.join((other.name, other.short, *other.aliases)))} "
    ]
    return fitting[0] if len(fitting) == 1 and fitting[0].id != card.id else None


def _thing(card: Procedure) -> set[str]:
    """Return the stems of the nouns of a card's short name: without deeds, and whom it is for."""
    named = (word for word in rest(normalise(card.short)) if not _DEED.fullmatch(word))
    return {stem(word) for word in named} - _OF_WHOM


_DEED = re.compile(r"\w{2,}[aei]r")
_OF_WHOM = frozenset(
    map(
        stem,
        (
            "menores",
            "mayores",
            "primera",
            "vez",
            "perdida",
            "adulto",
            "adultos",
            "credencial",
            "beca",
            "pension",
            "apoyo",
        ),
    )
)
"""Words of a short name that are no thing of their own."""


def subject(card: Procedure) -> set[str]:
    """Return the stems of a card's short name."""
    return {stem(word) for word in rest(normalise(card.short))}


def _settled(turn: Turn, know: Knowledge, hits: Sequence[Hit], wanted: tuple[Aspect, ...]) -> Procedure | None:
    """Return the card that needs no question among close ones: all say the same, or one was talked about before."""
    close = [know.catalogue.procedures[hit.id] for hit in hits[:3] if hit.kind == "procedure"]
    shown = (reply for past in turn.before for reply in past.replies if isinstance(reply, ShowProcedure))
    talked = {reply.procedure.id for reply in shown} | {turn.memory.last_procedure}
    talked |= {past.memory.last_procedure for past in turn.before}
    known = [card for card in close if card.id in talked and fits_place(card, turn.place)]
    if wanted and len(known) == 1:
        return known[0]
    if len(close) < len(hits[:3]) or any(card.family for card in close):
        return None
    if close and wanted and set(wanted) <= {"where", "hours"} and len({card.channels for card in close}) == 1:
        return close[0]
    return known[0] if len(known) == 1 else None


def _kinds_not_named(turn: Turn, know: Knowledge, card: Procedure) -> list[Procedure]:
    """Return a family's kinds to ask about, where all hold in the whole country and the words name none of them."""
    kinds = [know.catalogue.procedures[id_] for id_ in cards.siblings(know, card)]
    if (
        len(kinds) < 2
        or any(kind.jurisdiction.state for kind in kinds)
        or turn.memory.last_procedure in cards.siblings(know, card)
    ):
        return []
    said = {stem(word) for word in rest(know.without_place(turn.text))}
    names = [{stem(w) for w in normalise(" ".join((k.name, k.short, *k.aliases))).split()} for k in kinds]
    common = set.intersection(*names)
    return [] if said - common else sorted(kinds, key=lambda kind: kind.id)


def fits_place(card: Procedure, place: Place | None) -> bool:
    """Say whether a card holds at a place, or everywhere."""
    where = card.jurisdiction
    if where.state is None:
        return True
    if place is None or where.state != place.state:
        return False
    return where.municipality is None or where.municipality == place.municipality


def _best(verdict: Verdict, kind: str) -> Hit | None:
    return next((hit for hit in verdict.hits if hit.kind == kind), None)


_DEEDS = {
    "correg": ("correg", "corrij", "correc", "arregl", "compon"),
    "renov": ("renov", "renuev"),
    "repon": ("repon", "repus", "reposic"),
    "cambi": ("cambi",),
    "consult": ("consult", "imprim", "descarg"),
}
"""Beginnings of verbs that name what is done with a thing, by the one that cards use."""


def _by_deed(turn: Turn, close: Sequence[Procedure]) -> list[Procedure]:
    """Return the only one of close cards, or its family, that does what is asked for ("¿cómo corrijo el acta?")."""
    said = normalise(turn.text).split()
    done = {deed for deed, begun in _DEEDS.items() if any(word.startswith(begun) for word in said)}
    fitting = [card for card in close if any(normalise(card.short).startswith(deed) for deed in done)]
    family = {card.family or card.id for card in fitting}
    return fitting if len(family) == 1 and len(fitting) < len(close) else []


def clarify(turn: Turn, know: Knowledge, hits: Sequence[Hit], wanted: tuple[Aspect, ...]) -> Answer:
    """Ask which of the close hits. Of a family one is offered, under the family's name: its place is asked for next."""
    close = [card for hit in hits[:3] if (card := know.catalogue.procedures.get(hit.id)) is not None]
    told = only_fitting(close, turn.text) if len(close) == len(hits[:3]) else None
    if told is not None and told.jurisdiction.state is None:
        return cards.show(turn, know, told, wanted)
    done = _by_deed(turn, close) if len(close) == len(hits[:3]) else []
    if done:
        return cards.settle(turn, know, [card.id for card in done], wanted)
    offered: list[Option] = []
    for hit in hits[:3]:
        if hit.kind == "life_event":
            offered.append(Option(f"menu:{hit.id}", know.catalogue.life_events[hit.id].short))
        else:
            card = know.catalogue.procedures[hit.id]
            family = know.catalogue.families.get(card.family or "")
            one = Option(f"procedure:{hit.id}", card.short)
            offered.append(
                Option(f"family:{family.id}", family.short) if family and not fits_place(card, turn.place) else one
            )
    unique = tuple({option.id: option for option in offered}.values())
    if len(unique) == 1 and unique[0].id.startswith("family:"):
        return cards.settle(turn, know, [hit.id for hit in hits if hit.kind == "procedure"], wanted)
    ids = tuple(option.id for option in unique)
    tells = options.tells_kind_of(turn, know, ids) if len(close) == len(hits[:3]) and _one_thing(close) else None
    if tells is not None:
        return cards.show(turn, know, tells, wanted)
    pending = Pending("clarify", ids, wanted, turn.text)
    return answer(turn, "clarify", Ask("which_procedure", (*unique, cards.NONE_OF_THESE)), pending=pending)
