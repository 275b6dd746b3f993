"""The languages: compile ``locale/`` into ``var/locale/``, and check the phrases and the code that names them."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TypeGuard

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from ruamel.yaml import YAML

from bot.core.phrases import DOMAIN, REFERENCE

CODE = ("bot", "actions", "channels", "ivr")
"""Folders whose Python names phrases."""

CHANNELS = ("sms", "whatsapp", "voice")

# Second person singular: the assistant says "usted".
_TUTEO = re.compile(
    r"\b(t[uú]|tus|tuy[oa]s?|ti|contigo|te|puedes|debes|tienes|necesitas|quieres|sabes|eres|estás|haz|ten|"
    r"escribe|responde|manda|env[ií]a|llama|marca|elige|escoge|lleva|consulta|confirma|revisa|oprime|di)\b",
    re.IGNORECASE,
)
# "Lleva", "responde" and the like are also third person: only a command to the reader, at a sentence's start, is wrong.
_ALSO_THIRD_PERSON = re.compile(
    r"escribe|responde|manda|env[ií]a|llama|marca|elige|escoge|lleva|consulta|confirma|revisa|oprime|di", re.IGNORECASE
)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong. ``place`` is ``file:line``, or a file."""

    place: str
    message: str

    def __str__(self) -> str:
        """Return ``place: message``."""
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Use:
    """A phrase that code names. ``params`` is None where the code computes them; ``plural`` when ``n`` is given."""

    key: str
    place: str
    params: frozenset[str] | None
    plural: bool = False


def languages(locale: Path) -> dict[str, dict[str, str]]:
    """Return the index ``languages.yml``: language -> name and ISO 639-3 code."""
    return dict(YAML(typ="safe").load((locale / "languages.yml").read_text(encoding="utf-8")))


def build(locale: Path, out: Path) -> list[Path]:
    """Compile every language's catalogue to ``<out>/<language>/LC_MESSAGES/ventanilla.mo``; return what was written.

    Each file is moved into place whole: processes that are reading the old one are not disturbed.
    """
    written = []
    for language in languages(locale):
        target = out / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        with draft.open("wb") as file:
            write_mo(file, _read(_po(locale, language)))
        draft.replace(target)
        written.append(target)
    return written


def check(root: Path) -> list[Problem]:
    """Return everything wrong with ``locale/`` and with the phrases that the code under ``root`` names; sorted."""
    locale = root / "locale"
    problems = [
        Problem(str(path), "locale/ must never hold Python: it would shadow the standard library's module")
        for path in locale.rglob("*.py")
    ]
    index = languages(locale)
    for folder in sorted(path.name for path in locale.iterdir() if path.is_dir()):
        if folder not in index:
            problems.append(Problem(str(locale / folder), "is not in languages.yml"))
    catalogues: dict[str, Catalog] = {}
    for language in index:
        path = _po(locale, language)
        if not path.is_file():
            problems.append(Problem(str(path), "is missing, although languages.yml names the language"))
            continue
        try:
            catalogues[language] = _read(path)
        except (PoFileError, ValueError) as error:
            problems.append(Problem(str(path), f"is not a catalogue: {error}"))
    reference = catalogues.get(REFERENCE)
    if reference is None:
        return sorted([*problems, Problem(str(locale), f"there is no catalogue of {REFERENCE}")])
    for language, catalogue in catalogues.items():
        problems += _check_catalogue(_po(locale, language), catalogue, reference, language == REFERENCE)
    problems += _check_uses(uses(root), _signatures(reference))
    return sorted(problems)


def unused(root: Path) -> list[str]:
    """Return the keys of the reference catalogue that no code names literally (a hint, not a fault)."""
    named = {use.key for use in uses(root)}
    return sorted({_key(message) for message in _messages(_read(_po(root / "locale", REFERENCE)))} - named)


def uses(root: Path) -> list[Use]:
    """Return every phrase that Python code names in ``Say``, ``Ask``, ``Option(phrase=…)`` or a call of phrases."""
    found: list[Use] = []
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            named = _named_literals(tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    found += _uses_of_call(node, f"{path.relative_to(root)}:{node.lineno}", named)
    return found


def _uses_of_call(call: ast.Call, place: str, named: Mapping[str, list[str]]) -> Iterator[Use]:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    name = _called(call.func)
    if name == "Option":
        yield from (Use(key, place, frozenset()) for key in _literals(keywords.get("phrase"), named))
    elif name in ("Say", "Ask", "phrases", "say"):
        first = call.args[0] if call.args else keywords.get("phrase") or keywords.get("key")
        at = 2 if name == "Ask" else 1
        params = keywords.get("params") or (call.args[at] if len(call.args) > at else None)
        for key in _literals(first, named):
            yield Use(key, place, _names(params), "n" in keywords)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr.lstrip("_") if isinstance(function, ast.Attribute) else ""


def _literals(node: ast.expr | None, named: Mapping[str, list[str]]) -> list[str]:
    """Return the strings that an expression can be, as far as its own file tells."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_literals(node.body, named), *_literals(node.orelse, named)]
    if isinstance(node, ast.Subscript):
        node = node.value
    return named.get(node.id, []) if isinstance(node, ast.Name) else []


def _named_literals(tree: ast.Module) -> dict[str, list[str]]:
    """Return the strings that a file gives to a name: by assignment, as a table's values, or as a ``Literal`` type."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            strings = [string for value in values for string in _literals(value, {})]
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).extend(strings)
        elif isinstance(node, ast.arg) and _is_literal_type(node.annotation):
            parts = node.annotation.slice
            members = parts.elts if isinstance(parts, ast.Tuple) else [parts]
            found.setdefault(node.arg, []).extend(string for each in members for string in _literals(each, {}))
    return found


def _is_literal_type(annotation: ast.expr | None) -> TypeGuard[ast.Subscript]:
    return isinstance(annotation, ast.Subscript) and _called(annotation.value) == "Literal"


def _names(node: ast.expr | None) -> frozenset[str] | None:
    """Return the names of a dictionary display; None when code computes them."""
    if node is None:
        return frozenset()
    if not isinstance(node, ast.Dict):
        return None
    names = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return frozenset(names) if len(names) == len(node.keys) else None


def _check_uses(found: Iterable[Use], signatures: Mapping[str, tuple[frozenset[str], bool]]) -> Iterator[Problem]:
    for use in found:
        if use.key not in signatures:
            yield Problem(use.place, f"phrase {use.key!r} is not in locale/{REFERENCE}")
            continue
        needed, plural = signatures[use.key]
        if plural != use.plural:
            yield Problem(use.place, f"phrase {use.key!r} {'needs n' if plural else 'has no plural forms'}")
        given = None if use.params is None else use.params | ({"n"} if use.plural else set())
        if given is not None and needed - given:
            yield Problem(use.place, f"phrase {use.key!r} needs {', '.join(sorted(needed - given))}")


def _check_catalogue(path: Path, catalogue: Catalog, reference: Catalog, is_reference: bool) -> Iterator[Problem]:
    signatures = _signatures(reference)
    for message in _messages(catalogue):
        place, key = f"{path}:{message.lineno}", _key(message)
        if message.context and message.context not in CHANNELS:
            yield Problem(place, f"msgctxt {message.context!r} is not a channel ({', '.join(CHANNELS)})")
        if message.fuzzy or not all(_strings(message)):
            yield Problem(place, f"phrase {key!r} is not translated")
            continue
        if message.pluralizable and len(_strings(message)) != catalogue.num_plurals:
            yield Problem(place, f"phrase {key!r} needs {catalogue.num_plurals} plural forms")
        if key in _strings(message):
            yield Problem(place, f"phrase {key!r} has its key's own words: gettext takes it for missing")
        if key not in signatures:
            yield Problem(place, f"phrase {key!r} is not in locale/{REFERENCE}: nothing says it")
            continue
        yield from _check_params(place, message, signatures[key])
        if is_reference:
            for text in _strings(message):
                yield from (Problem(place, f"speaks as «tú»: {word!r}") for word in tuteo(text))


def _check_params(place: str, message: Message, signature: tuple[frozenset[str], bool]) -> Iterator[Problem]:
    needed, plural = signature
    if message.pluralizable != plural:
        yield Problem(place, f"phrase {_key(message)!r} must {'have' if plural else 'not have'} plural forms")
    try:
        present = frozenset().union(*(_fields(text) for text in _strings(message)))
    except ValueError as error:
        yield Problem(place, f"phrase {_key(message)!r}: {error}")
        return
    if present - needed:
        yield Problem(place, f"phrase {_key(message)!r} uses unknown {', '.join(sorted(present - needed))}")
    if needed - present:
        yield Problem(place, f"phrase {_key(message)!r} leaves out {', '.join(sorted(needed - present))}")


def tuteo(text: str) -> list[str]:
    """Return the words of a Spanish text that speak to the reader as "tú"."""
    found = []
    for match in _TUTEO.finditer(text):
        before = text[: match.start()].rstrip(" ¡¿\"'(")
        if not _ALSO_THIRD_PERSON.fullmatch(match.group()) or not before or before[-1] in ".:;!?\n":
            found.append(match.group())
    return found


def _po(locale: Path, language: str) -> Path:
    return locale / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(path: Path) -> Catalog:
    # No locale is passed: Babel knows no indigenous language; the plural rule is the file's own header.
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _key(message: Message) -> str:
    return str(message.id[0] if message.pluralizable else message.id)


def _strings(message: Message) -> tuple[str, ...]:
    if isinstance(message.string, (tuple, list)):
        return tuple(message.string)
    return (message.string or "",)


def _fields(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _signatures(catalogue: Catalog) -> dict[str, tuple[frozenset[str], bool]]:
    """Return, by key, the plain phrase's parameters (a variant's where there is none) and whether it has plurals."""
    result: dict[str, tuple[frozenset[str], bool]] = {}
    for message in _messages(catalogue):
        key = _key(message)
        if message.context is None or key not in result:
            try:
                fields = frozenset().union(*(_fields(text) for text in _strings(message)))
            except ValueError:
                fields = frozenset()
            result[key] = (fields, bool(message.pluralizable))
    return result
