"""Take out of what a citizen writes the data that must not be kept: identity numbers, cards, phones, e-mail.

Formats decide, not check digits: a CURP with a typing error is still somebody's. Where plain numbers could be
anything, the number of digits, their grouping and (for cards) the Luhn digit decide. Every pattern is bounded or
anchored, so the time grows with the length of the text and no faster.

What stays: prices, dates, short folios (up to ten digits when the word "folio" or the like says so, or when the
number cannot be a phone), three- and four-digit lines, and toll-free 800 numbers, which are nobody's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

CURP, RFC, NSS, ELECTOR = "[CURP]", "[RFC]", "[NSS]", "[CLAVE DE ELECTOR]"
CLABE, CARD, EMAIL, PHONE = "[CLABE]", "[TARJETA]", "[CORREO]", "[TELEFONO]"

_PASSES = 8
"""At most. A number right before another may be seen only when that one is gone; what people write takes two."""


def redact(text: str) -> str:
    """Return ``text``, in Unicode's composed form, with personal data replaced by labels. Twice is as good as once."""
    text = unicodedata.normalize("NFC", text)
    for pattern, label in _PATTERNS:
        text = pattern.sub(label, text)
    for _ in range(_PASSES):
        before, text = text, _RUN.sub(_redact_run, text)
        if text == before:
            break
    return text


# E-mail ---------------------------------------------------------------------------------------------------------

_DOMAINS = r"com|mx|net|org|edu|gob|es|info|us"
_SITES = r"gmail|hotmail|outlook|live|yahoo|icloud|prodigy|protonmail|aol"
# The lookbehind makes a run of word characters be tried once, from its start: linear, whatever the run's length.
_LOCAL = r"(?<![\w.+%-])(?<!CORREO\])[\w.+%-]*\w"
_MAIL = re.compile(rf"{_LOCAL}@[\w-]+(?:\.[\w-]+|\s\.\s?(?:{_DOMAINS})\b)*")
_MAIL_SPACED = re.compile(
    rf"{_LOCAL}\s{{0,2}}@\s{{0,2}}(?<!\w@)(?:[\w-]+(?:\s?\.\s?(?:{_DOMAINS})\b)+|[\w-]+(?:\.[\w-]+)+|(?:{_SITES})\b)",
    re.IGNORECASE,
)
_MAIL_SPOKEN = re.compile(
    rf"{_LOCAL}\s{{1,2}}\(?arroba\)?\s{{1,2}}"
    rf"(?:(?:{_SITES})\b(?:(?:\s{{0,2}}\.\s{{0,2}}|\s{{1,2}}punto\s{{1,2}})(?:{_DOMAINS})\b)*"
    rf"|[\w-]+(?:(?:\s{{0,2}}\.\s{{0,2}}|\s{{1,2}}punto\s{{1,2}})(?:{_DOMAINS})\b)+)",
    re.IGNORECASE,
)

# Identity numbers of letters and digits --------------------------------------------------------------------------

_L = "[A-ZÑÁÉÍÓÚÜ]"
_D = "[0-9O]"  # people type the letter O for a zero
_A = "[0-9A-ZÑÁÉÍÓÚÜ]"
_GAP = r"[ \t\u00a0._/\-\u2010-\u2015]{0,2}"
_TIGHT = r"[._/\-\u2010-\u2015]?"
_MONTH_DAY = rf"(?:0{_GAP}[1-9]|1{_GAP}[0-2]){_GAP}(?:0{_GAP}[1-9]|[12]{_GAP}[0-9]|3{_GAP}[01])"
_DATE = rf"[0-9]{_GAP}[0-9]{_GAP}{_MONTH_DAY}"
_STATES = "AS|BC|BS|CC|CL|CM|CS|CH|DF|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|VZ|YN|ZS|NE"
# A number may be typed right after its own name ("curpGOMC850101...") or after another number. A label of ours
# counts as a letter behind a number: else a second time would find what the first could not.
_START = r"(?:(?<=curp)|(?<=rfc)|(?<=elector)|(?<=clave)|(?<![A-ZÑÁÉÍÓÚÜ]))"
_END = r"(?![0-9A-ZÑÁÉÍÓÚÜ]|\[[A-Z])"


def _spaced(*kinds: str) -> str:
    """Return a pattern of characters of these kinds, with or without a separator between any two."""
    return _GAP.join(kinds)


def _spaced_states() -> str:
    return "(?:" + "|".join(_spaced(*state) for state in _STATES.split("|")) + ")"


_N = "[0-9]"
_CURP_TIGHT = rf"{_START}{_L}{{4}}{_TIGHT}{_D}{{6}}{_TIGHT}[HMX]{_TIGHT}{_L}{{2}}{_TIGHT}{_L}{{3}}"
_CURP_SPACED = _START + _spaced(*[_L] * 4, _DATE, "[HMX]", _spaced_states(), *[_L] * 3, _A, _D)
_ELECTOR_TIGHT = rf"{_START}{_L}{{6}}{_TIGHT}{_N}{{6}}{_TIGHT}{_N}{{2}}{_TIGHT}[HMX]{_TIGHT}{_N}{{3}}"
_ELECTOR_SPACED = _START + _spaced(*[_L] * 6, _DATE, _N, _N, "[HMX]", _N, _N, _N)
_RFC_DATE = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_RFC_NAME = r"(?<!&)[A-ZÑ&ÁÉÍÓÚÜ]{3,4}"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern, label)
    for pattern, label in (
        (_MAIL, EMAIL),
        (_MAIL_SPACED, EMAIL),
        (_MAIL_SPOKEN, EMAIL),
        # Whole, or with the last one or two characters forgotten.
        (rf"{_CURP_TIGHT}(?:{_TIGHT}{_A}{_TIGHT}[0-9O]|{_A}?{_END})", CURP),
        (_CURP_SPACED, CURP),
        (rf"(?<![0-9/]){_N}{{2}}/{_N}{{2}}/{_N}{{2}}/{_N}{{4}}/{_N}(?![0-9/])", NSS),
        # With a letter wrong: a person's initials, date and too much behind it for an RFC.
        (rf"{_START}{_L}{{4}}{_RFC_DATE}{_A}{{6,9}}{_END}", CURP),
        (_ELECTOR_TIGHT, ELECTOR),
        (_ELECTOR_SPACED, ELECTOR),
        (rf"{_START}{_RFC_NAME}{_TIGHT}{_RFC_DATE}{_TIGHT}{_A}{{3}}{_END}", RFC),
        # With spaces the last character must be a digit, or "los 100112 que" would be one.
        (rf"{_START}{_RFC_NAME}{_GAP}[0-9]{{2}}{_GAP}{_MONTH_DAY}{_GAP}{_A}{{2}}[0-9]{_END}", RFC),
        # Spelled out, letter by letter.
        (rf"{_START}{_L}(?:[ .\-]{_L}){{3}}[ .\-]" + _spaced(_DATE, _A, _A, _N) + _END, RFC),
        # A person's without the three last characters: initials (the second one a vowel) and date of birth.
        (rf"{_START}[A-ZÑ][AEIOUXÁÉÍÓÚ]{_L}{{2}}{_RFC_DATE}{_END}", RFC),
    )
)

# Numbers --------------------------------------------------------------------------------------------------------

_GROUP_GAP = r"(?:[ \t\u00a0]{0,2}(?:[()_\-\u2010-\u2015]|\.(?=[0-9]{3}))[ \t\u00a0]?\(?|[ \t\u00a0]{1,2})"
_RUN = re.compile(rf"(?P<plus>\+[ ]?)?(?P<open>\()?[0-9]+(?:{_GROUP_GAP}[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")
# Letters right before a number make it a code ("AB123456"), unless they name what follows.
_NAME_BEFORE = re.compile(
    r"(?:nss|imss|seguro|tels?|cel|celular|tel[eé]fono|whats|whatsapp|wa|clabe|cuenta|tarjeta)$", re.IGNORECASE
)
_FOLIO_BEFORE = re.compile(
    r"(?:folio|referencia|expediente|ticket|turno|orden|solicitud|reporte|recibo|factura|contrato|cita|tr[aá]mite)"
    r"[^\w\n]{0,3}(?:(?:no|n[uú]m|n[uú]mero|es|de|el|la)[^\w\n]{1,3}){0,3}$",
    re.IGNORECASE,
)
_PHONE_SHAPES = {
    (10,), (2, 8), (3, 7), (2, 4, 4), (3, 3, 4), (2, 2, 2, 2, 2), (3, 3, 2, 2), (2, 4, 2, 2), (2, 2, 2, 4), (3, 4, 3),
    (2, 2, 3, 3), (5, 5), (3, 2, 3, 2), (3, 2, 2, 3), (6, 4), (4, 2, 2, 2), (2, 3, 3, 2), (2, 3, 5), (1,) * 10,
}  # fmt: skip
_DIALLING = ("52", "521", "01", "044", "045", "0052", "00521")
_LONGEST = 19
_NSS_SHAPES = {
    (11,),
    (2, 2, 2, 4, 1),
    (10, 1),
    (4, 3, 4),
    (4, 4, 3),
    (3, 4, 4),
    (3, 3, 3, 2),
    (3, 3, 5),
    (2, 2, 2, 2, 2, 1),
}
_A_PHONE = {(10,), (2, 4, 4), (3, 3, 4)}
"""Shapes that are nothing but a phone, even with one more digit behind ("55 1234 5678 2 veces")."""
_CODE_AFTER = re.compile(r"[^\W\d_]{1,2}(?![^\W\d_])")


def _redact_run(run: re.Match[str]) -> str:
    """Return a run of digit groups with the numbers in it replaced; what separates them stays."""
    text = run.group()
    spans = [group.span() for group in _GROUP.finditer(text)]
    digits = [text[start:end] for start, end in spans]
    parts: list[str] = []
    index, end = _untouched(run), 0
    while index < len(digits):
        # No number is longer than 19 digits, so 20 groups decide; this keeps the time linear.
        plus = bool(run.group("plus")) and index == 0
        count, label = _at(digits[index : index + _LONGEST + 1], plus, _folio(run, digits))
        if label:
            # What opens the run ("+", "(") belongs to its first number.
            parts += [text[end : spans[index][0] if index else 0], label]
            end = spans[index + count - 1][1]
        index += count
    return "".join([*parts, text[end:]])


def _untouched(run: re.Match[str]) -> int:
    """Return 1 when the first group is a price or the end of a code that starts with letters, else 0."""
    before = run.string[max(0, run.start() - 12) : run.start()]
    if before.rstrip().endswith("$"):
        return 1
    return int(before[-1:].isalpha() and not _NAME_BEFORE.search(before))


def _folio(run: re.Match[str], digits: Sequence[str]) -> bool:
    """Whether the words around a single group say that it is a folio, or one or two letters right behind it do."""
    if len(digits) != 1 or len(digits[0]) != 10:
        return False
    before = run.string[max(0, run.start() - 40) : run.start()]
    return bool(_FOLIO_BEFORE.search(before) or _CODE_AFTER.match(run.string, run.end()))


def _at(groups: Sequence[str], plus: bool, folio: bool) -> tuple[int, str]:
    """Return how many groups the number that starts here takes, and its label ("": it stays)."""
    if count := _date(groups):
        return count, ""
    if plus and (count := _international(groups)):
        return count, PHONE
    phone = _phone(groups, folio)
    if not phone or phone < len(groups):
        whole = "".join(groups)
        first = tuple(len(group) for group in groups[:phone])
        if first not in _A_PHONE and (count := _nss(groups)):
            return count, NSS
        if len(whole) == 18:
            return len(groups), CLABE
        if 13 <= len(whole) <= _LONGEST and _card(groups) == len(groups):
            return len(groups), CARD
    if phone:
        free_call = "".join(groups[:phone])[-10:].startswith("800")
        return phone, "" if free_call else PHONE
    if len(groups[0]) == 18:
        return 1, CLABE
    count = _card(groups)
    return (count, CARD) if count else (1, "")


def _date(groups: Sequence[str]) -> int:
    """Return 3 when a date starts here ("03-05-2026", "2026-05-03"), else 0."""
    if len(groups) < 3:
        return 0
    for day, month, year in ((groups[0], groups[1], groups[2]), (groups[2], groups[1], groups[0])):
        if len(day) <= 2 and len(month) <= 2 and len(year) == 4 and year[:2] in ("19", "20"):
            return 3 if 1 <= int(day) <= 31 and 1 <= int(month) <= 12 else 0
    return 0


def _international(groups: Sequence[str]) -> int:
    """Return how many groups a number with a plus sign takes: 8 to 15 digits, ten after Mexico's 52 or the USA's 1."""
    code = "".join(groups[:2])
    limit = 13 if code.startswith("521") else 12 if code.startswith("52") else 11 if code.startswith("1") else 15
    total = best = 0
    for count, group in enumerate(groups, start=1):
        total += len(group)
        if total > limit:
            break
        if total >= 8:
            best = count
    return best


def _phone(groups: Sequence[str], folio: bool) -> int:
    """Return how many groups a Mexican phone takes here, dialling prefixes included; 0 when there is none."""
    sizes = [len(group) for group in groups]
    for lead in (1, 2):
        if "".join(groups[:lead]) in _DIALLING and (count := _shape(sizes[lead:])):
            return lead + count
    if sizes[0] > 11 and groups[0][:-10] in _DIALLING:
        return 1
    count = _shape(sizes)
    return 0 if count == 1 and (folio or groups[0][0] in "01") else count


def _shape(sizes: Sequence[int]) -> int:
    total = 0
    for count, size in enumerate(sizes[:10], start=1):
        total += size
        if total == 10:
            return count if tuple(sizes[:count]) in _PHONE_SHAPES else 0
    return 0


def _nss(groups: Sequence[str]) -> int:
    """Return how many groups a social security number takes: eleven digits in a usual shape, or all there is."""
    total = 0
    for count, group in enumerate(groups, start=1):
        total += len(group)
        if total == 11:
            usual = tuple(map(len, groups[:count])) in _NSS_SHAPES
            return count if usual or (count == len(groups) and not _counting(groups)) else 0
    return 0


def _counting(groups: Sequence[str]) -> bool:
    """Whether somebody counts ("1 2 3 4 5 6 7 8 9 10")."""
    numbers = [int(group) for group in groups]
    return len(numbers) > 1 and all(later - earlier == 1 for earlier, later in pairwise(numbers))


def _card(groups: Sequence[str]) -> int:
    """Return how many groups make a card's number (13 to 19 digits whose Luhn digit is right): the longest; else 0."""
    best, number = 0, ""
    for count, group in enumerate(groups, start=1):
        number += group
        if len(number) > _LONGEST:
            break
        years = all(len(each) == 4 and each[:2] in ("19", "20") for each in groups[:count])
        if len(number) >= 13 and not years and luhn(number):
            best = count
    return best


def luhn(digits: str) -> bool:
    """Say whether the last digit is right by ISO/IEC 7812-1, annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
