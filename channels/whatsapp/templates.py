"""The texts that WhatsApp approves beforehand: ``data/whatsapp/templates.yml``, checked by WhatsApp's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML, YAMLError

from channels.whatsapp.contents import Definition, template
from channels.whatsapp.ids import SAY
from channels.whatsapp.render import BUTTON_TITLE, MAX_BODY

_VARIABLE = re.compile(r"\{\{(\w{1,16})\}\}")
_NAME = re.compile(r"^[a-z0-9_]{1,40}$")
_MOST_BUTTONS = 3


class TemplatesError(ValueError):
    """``templates.yml`` cannot be used; the message says where and why."""


class _Template(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"]
    body: str
    samples: dict[str, str] = {}
    buttons: dict[str, str] = {}

    @field_validator("body")
    @classmethod
    def _body(cls, body: str) -> str:
        if len(body) > MAX_BODY or "\n\n\n" in body:
            raise ValueError(f"is longer than {MAX_BODY} characters, or has two blank lines")
        if _VARIABLE.match(body) or re.search(_VARIABLE.pattern + r"\W?$", body) or "}}{{" in body.replace(" ", ""):
            raise ValueError("begins or ends with a variable, or two variables touch: WhatsApp refuses that")
        return body

    @field_validator("buttons")
    @classmethod
    def _buttons(cls, buttons: dict[str, str]) -> dict[str, str]:
        if len(buttons) > _MOST_BUTTONS or any(not 0 < len(title) <= BUTTON_TITLE for title in buttons.values()):
            raise ValueError(f"{_MOST_BUTTONS} buttons of at most {BUTTON_TITLE} characters are possible")
        return buttons

    @model_validator(mode="after")
    def _samples(self) -> _Template:
        if set(_VARIABLE.findall(self.body)) != set(self.samples) or not all(self.samples.values()):
            raise ValueError("every variable of the body needs a sample, and no other has one")
        return self


def load_templates(file: Path) -> dict[str, Definition]:
    """Return every template by our name for it.

    Raises:
        TemplatesError: the file is missing, is no YAML, or a template breaks a rule.
    """
    try:
        read: Any = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except (OSError, YAMLError) as error:
        raise TemplatesError(f"{file.name}: {error}") from None
    if not isinstance(read, dict):
        raise TemplatesError(f"{file.name}: a mapping of names to templates is expected")
    return {str(name): _definition(str(name), given, file) for name, given in read.items()}


def _definition(name: str, given: Any, file: Path) -> Definition:
    if not _NAME.match(name):
        raise TemplatesError(f"{file.name}: {name}: small letters, digits and _ are allowed in a name")
    try:
        found = _Template.model_validate(given)
    except ValidationError as failure:
        first = failure.errors(include_input=False)[0]
        where = ".".join([name, *map(str, first["loc"])])
        raise TemplatesError(f"{file.name}: {where}: {first['msg']}") from None
    return template(name, _types(found), dict(found.samples), found.category)


def _types(given: _Template) -> Mapping[str, Any]:
    if not given.buttons:
        return {"twilio/text": {"body": given.body}}
    actions = [{"type": "QUICK_REPLY", "title": title, "id": SAY + key} for key, title in given.buttons.items()]
    return {"twilio/quick-reply": {"body": given.body, "actions": actions}}
