"""The API's operations, one line each: routes and the OpenAPI document are made of this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from bot.gateway.desk import models


@dataclass(frozen=True)
class Operation:
    """One method at one path. ``key``: whether the header Idempotency-Key is read."""

    id: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    answers: Mapping[int, type[BaseModel]]
    about: str = ""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = False
    key: Literal["none", "optional", "required"] = "none"
    problems: tuple[str, ...] = field(default=())

    @property
    def of_handoff(self) -> bool:
        """Whether it is about one handoff."""
        return "{handoff}" in self.path

    @property
    def all_problems(self) -> tuple[str, ...]:
        """The codes of what may go wrong."""
        always = ("unauthorized", "too_many_requests")
        one = ("forbidden", "not_found") if self.of_handoff else ()
        fields = ("invalid",) if self.query or self.body else ()
        body = ("bad_request", "unsupported_media_type", "too_large") if self.body else ()
        return (*always, *one, *fields, *body, *self.problems)


_ONE = "/handoffs/{handoff}"
OPERATIONS = (
    Operation(
        "list",
        "GET",
        "/handoffs",
        "List handoffs",
        {200: models.HandoffPage},
        "Newest first, those that the token may see: nobody's and its teams', sensitive ones by right, and its own.",
        query=models.HandoffQuery,
    ),
    Operation("read", "GET", _ONE, "Read a handoff", {200: models.HandoffDetail}),
    Operation(
        "thread",
        "GET",
        f"{_ONE}/thread",
        "Read the conversation",
        {200: models.ThreadPage},
        "All channels as one thread, the latest page first, each page oldest first. Texts are redacted.",
        query=models.ThreadQuery,
    ),
    Operation(
        "take",
        "POST",
        f"{_ONE}/take",
        "Take a handoff",
        {200: models.Handoff},
        "Of two who take at once one gets it. From now on the assistant is silent. Again: the same answer.",
        body=models.Signed,
        problems=("not_yours", "cannot_write"),
    ),
    Operation(
        "reply",
        "POST",
        f"{_ONE}/messages",
        "Answer the person",
        {201: models.AnswerSent, 200: models.AnswerSent},
        "On the person's channel, within its rules. 200: this request had been made before.",
        body=models.Answer,
        body_required=True,
        key="required",
        problems=("not_yours", "cannot_write", "key_reused"),
    ),
    Operation(
        "note",
        "POST",
        f"{_ONE}/notes",
        "Add an internal note",
        {201: models.NoteAdded},
        body=models.NewNote,
        body_required=True,
        key="optional",
        problems=("key_reused",),
    ),
    Operation(
        "release",
        "POST",
        f"{_ONE}/release",
        "Put it back into the queue",
        {200: models.Handoff},
        body=models.Signed,
        problems=("not_yours",),
    ),
    Operation(
        "back",
        "POST",
        f"{_ONE}/back",
        "Give the conversation back to the assistant",
        {200: models.Handoff},
        "The assistant goes on, with everything that it knew. Again: the same answer.",
        body=models.Signed,
        problems=("not_yours",),
    ),
    Operation(
        "close",
        "POST",
        f"{_ONE}/close",
        "Close it with a reason",
        {200: models.Handoff},
        "Again with the same reason: the same answer.",
        body=models.Closing,
        body_required=True,
        problems=("not_yours",),
    ),
)
