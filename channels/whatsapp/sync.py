"""Keep Twilio's contents in step with ours: create what lacks, note what is there, drop what is of old versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from channels.whatsapp.contents import ContentBook, Definition, current, usual


@dataclass(frozen=True)
class KnownContent:
    """A content as Twilio lists it. ``approval``: WhatsApp's word for it ("unsubmitted" when nobody asked)."""

    sid: str
    name: str
    approval: str
    reason: str = ""


class Contents(Protocol):
    """What is needed of the Content API (channels.twilio.ContentApi)."""

    def ours(self) -> list[KnownContent]:
        """Return every content of ours."""

    def create(self, definition: Definition) -> str:
        """Create a content and return its id."""

    def delete(self, sid: str) -> None:
        """Delete a content."""

    def submit(self, sid: str, name: str, category: str) -> str:
        """Ask WhatsApp to approve a content and return its answer."""


class Book(ContentBook, Protocol):
    """What is needed of the table (bot.store.contents.ContentStore)."""

    def all(self) -> dict[str, str]:
        """Return every content's id by its name."""


def sync(api: Contents, book: Book, templates: Mapping[str, Definition], *, dry_run: bool = False) -> Iterator[str]:
    """Do what is to be done and yield a sentence for each thing done; nothing is yielded when all is in step.

    With ``dry_run`` nothing is done. Done twice, the second time does nothing.

    Raises:
        DeliveryError: Twilio refused something or does not answer; what was done before is done.
    """
    known, noted = api.ours(), book.all()
    kept = _kept(known, noted, templates)
    for name, sid in noted.items():
        if sid not in {content.sid for content in kept.values()}:
            if not dry_run:
                book.forget(name)
            yield f"forgotten: {name} (Twilio has it no more)"
    for definition in [*usual(), *templates.values()]:
        found = kept.get(definition.name)
        if found is None:
            if not dry_run:
                kept[definition.name] = _created(api, book, definition)
            yield f"created: {definition.name}"
    for name, content in kept.items():
        if name not in noted and name in {each.name for each in known}:
            if not dry_run:
                book.keep(name, content.sid)
            yield f"noted: {name}"
    yield from _submitted(api, kept, templates, dry_run)
    for content in known:
        if kept.get(content.name) != content:
            if not dry_run:
                api.delete(content.sid)
            yield f"deleted: {content.name} (of an earlier version, or there twice)"


def states(known: Sequence[KnownContent], templates: Mapping[str, Definition]) -> Iterator[str]:
    """Yield one line a content: its name, its id, what WhatsApp says of a template, and whether it is of now."""
    for content in sorted(known, key=lambda each: each.name):
        definition = current(content.name, templates)
        approval = content.approval + (f": {content.reason}" if content.reason else "")
        state = "old" if definition is None else approval if definition.category else "ready"
        yield f"{content.name:<44}  {content.sid}  {state}"


def _kept(
    known: Sequence[KnownContent], noted: Mapping[str, str], templates: Mapping[str, Definition]
) -> dict[str, KnownContent]:
    """Return which content of each name stays: the noted one where there are two."""
    kept: dict[str, KnownContent] = {}
    for content in known:
        if current(content.name, templates) and (content.name not in kept or noted.get(content.name) == content.sid):
            kept[content.name] = content
    return kept


def _created(api: Contents, book: Book, definition: Definition) -> KnownContent:
    sid = api.create(definition)
    book.keep(definition.name, sid)
    return KnownContent(sid, definition.name, "unsubmitted")


def _submitted(
    api: Contents, kept: Mapping[str, KnownContent], templates: Mapping[str, Definition], dry_run: bool
) -> Iterator[str]:
    """Ask for the approval of templates that nobody asked for yet."""
    for definition in templates.values():
        content = kept.get(definition.name)
        if content is None or content.approval == "unsubmitted":
            if content is not None and not dry_run:
                api.submit(content.sid, definition.name, definition.category)
            yield f"approval asked: {definition.name}"
