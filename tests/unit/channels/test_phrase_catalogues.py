"""The catalogues of locale/, and that their check finds what can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import languages
from bot.core.phrases import MissingPhrase, Phrases

ROOT = Path(__file__).resolve().parents[3]
HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
GOOD = HEADER + (
    'msgid "hello"\nmsgstr "Hola, {name}."\n\nmsgid "bye"\nmsgstr "Adiós."\n\n'
    'msgctxt "sms"\nmsgid "bye"\nmsgstr "Adios!"\n\n'
    'msgid "items"\nmsgid_plural "items.plural"\nmsgstr[0] "una cosa"\nmsgstr[1] "{n} cosas"\n'
)


def project(folder: Path, po: str = GOOD, code: str = "", index: str = "es_MX: {name: Español, code: spa}\n") -> Path:
    (folder / "locale" / "es_MX" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "locale" / "languages.yml").write_text(index, encoding="utf-8")
    (folder / "locale" / "es_MX" / "LC_MESSAGES" / "ventanilla.po").write_text(po, encoding="utf-8")
    (folder / "actions").mkdir()
    (folder / "actions" / "x.py").write_text(code, encoding="utf-8")
    return folder


def add_language(folder: Path, name: str, po: str) -> None:
    (folder / "locale" / name / "LC_MESSAGES").mkdir(parents=True)
    (folder / "locale" / name / "LC_MESSAGES" / "ventanilla.po").write_text(po, encoding="utf-8")
    with (folder / "locale" / "languages.yml").open("a", encoding="utf-8") as index:
        index.write(f"{name}: {{name: {name}, code: {name}}}\n")


def found(folder: Path) -> str:
    return "\n".join(map(str, languages.check(folder)))


def test_every_phrase_that_is_used_exists_and_nothing_is_wrong_with_any() -> None:
    assert found(ROOT) == ""


def test_locale_holds_no_python() -> None:
    assert not list((ROOT / "locale").rglob("*.py"))


def test_every_phrase_can_be_said_on_every_channel(compiled_locale: Path) -> None:
    for channel in languages.CHANNELS:
        phrases = Phrases.load(compiled_locale, "es_MX", channel)
        assert phrases("thanks")
        assert phrases("original_and_copies", n=1) == "original y copia"
        assert phrases("original_and_copies", n=2) == "original y 2 copias"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('Say("hello", {"name": x})', ""),
        ('Say("gone")', "actions/x.py:1: phrase 'gone' is not in locale/es_MX"),
        ('Say("hello")', "phrase 'hello' needs name"),
        ('Ask("hello", (), {"nam": 1})', "phrase 'hello' needs name"),
        ('Ask("bye" if x else "gone")', "phrase 'gone' is not"),
        ('Option("a", phrase="gone")', "phrase 'gone' is not"),
        ('say("items", n=3)', ""),
        ('self._phrases("items")', "phrase 'items' needs n"),
        ('say("bye", n=3)', "phrase 'bye' has no plural forms"),
        ('KEYS = {"a": "bye", "b": "gone"}\nSay(KEYS[x])', "phrase 'gone' is not"),
        ('def f(kind: Literal["bye", "gone"]):\n    return Say(kind)', "phrase 'gone' is not"),
        ("Say(key, params)", ""),
    ],
)
def test_a_wrong_use_is_named(tmp_path: Path, code: str, expected: str) -> None:
    problems = found(project(tmp_path, code=code))
    assert expected in problems
    assert bool(expected) == bool(problems)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('msgid "x"\nmsgstr ""\n', "phrase 'x' is not translated"),
        ('#, fuzzy\nmsgid "x"\nmsgstr "Y"\n', "phrase 'x' is not translated"),
        ('msgid "x"\nmsgstr "x"\n', "has its key's own words"),
        ('msgid "x"\nmsgstr "Escribe tu nombre."\n', "speaks as «tú»: 'tu'"),
        ('msgid "x"\nmsgstr "¿Puedes venir?"\n', "speaks as «tú»: 'Puedes'"),
        ('msgid "x"\nmsgstr "Llama ya."\n', "speaks as «tú»: 'Llama'"),
        ('msgid "x"\nmsgstr "{a"\n', "phrase 'x': "),
        ('msgctxt "sms"\nmsgid "hello"\nmsgstr "Hola."\n', "phrase 'hello' leaves out name"),
        ('msgctxt "sms"\nmsgid "bye"\nmsgstr "Adiós {who}."\n', ""),
        ('msgctxt "fax"\nmsgid "hello"\nmsgstr "{name}"\n', "msgctxt 'fax' is not a channel"),
    ],
)
def test_a_wrong_phrase_is_named(tmp_path: Path, entry: str, expected: str) -> None:
    po = GOOD.replace('msgctxt "sms"\nmsgid "bye"\nmsgstr "Adios!"\n\n', "") + "\n" + entry
    assert (expected or "uses unknown who") in found(project(tmp_path, po))


@pytest.mark.parametrize(
    "text", ["La persona que responde.", "Dígame qué trámite busca.", "¿Está usted ahí? Estas son."]
)
def test_the_third_person_is_not_taken_for_tuteo(text: str) -> None:
    assert languages.tuteo(text) == []


def test_another_language_may_lack_phrases_and_may_be_one_that_babel_does_not_know(tmp_path: Path) -> None:
    root = project(tmp_path)
    yua = HEADER.replace("(n != 1)", "(n > 1)") + 'msgid "bye"\nmsgstr "Taak sáamal."\n'
    add_language(root, "yua", yua)
    assert found(root) == ""
    languages.build(root / "locale", root / "out")
    phrases = Phrases.load(root / "out", "yua", "sms")
    assert phrases("bye") == "Taak sáamal."  # its own plain phrase, not the reference's variant for SMS
    assert phrases("hello", {"name": "Itzel"}) == "Hola, Itzel."
    assert phrases("items", n=3) == "3 cosas"
    assert phrases.has("bye")
    assert not phrases.has("nothing")
    with pytest.raises(MissingPhrase):
        phrases("nothing")


def test_another_language_must_keep_the_parameters_and_know_the_keys(tmp_path: Path) -> None:
    root = project(tmp_path)
    add_language(root, "yua", HEADER + 'msgid "hello"\nmsgstr "Bix a beel"\n\nmsgid "mine"\nmsgstr "x y"\n')
    assert "phrase 'hello' leaves out name" in found(root)
    assert "phrase 'mine' is not in locale/es_MX" in found(root)


def test_folder_and_index_must_agree(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "locale" / "tzo").mkdir()
    (root / "locale" / "__init__.py").write_text("", encoding="utf-8")
    with (root / "locale" / "languages.yml").open("a", encoding="utf-8") as index:
        index.write("nhe: {name: Náhuatl, code: nhe}\n")
    problems = found(root)
    assert "tzo: is not in languages.yml" in problems
    assert "nhe/LC_MESSAGES/ventanilla.po: is missing" in problems
    assert "must never hold Python" in problems


def test_building_again_replaces_the_file_whole(tmp_path: Path) -> None:
    root = project(tmp_path)
    first = languages.build(root / "locale", root / "out")
    assert languages.build(root / "locale", root / "out") == first
    assert [path.name for path in first[0].parent.iterdir()] == ["ventanilla.mo"]
