from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from channels.twilio import valid_signature
from channels.twin.signing import sign

# Twilio's own example (tests/unit/test_request_validator.py of twilio-python).
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = MultiDict(
    [
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
        ("Caller", "+14158675309"),
    ]
)
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
REPEATED = MultiDict([("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")])
REPEATED_SIGNATURE = "IK+Dwps556ElfBT0I3Rgjkr1wJU="


def test_twilios_published_examples_are_accepted():
    assert valid_signature("12345", URL, FORM, SIGNATURE)
    assert valid_signature("12345", URL, REPEATED, REPEATED_SIGNATURE)


def test_the_twin_signs_as_twilios_published_examples():
    assert sign("12345", URL, FORM.items(multi=True)) == SIGNATURE
    assert sign("12345", URL, REPEATED.items(multi=True)) == REPEATED_SIGNATURE


def test_the_address_counts_with_and_without_its_port():
    with_port = URL.replace(".com", ".com:443")
    assert valid_signature("12345", with_port, FORM, SIGNATURE)
    assert valid_signature("12345", URL, FORM, sign("12345", with_port, FORM.items(multi=True)))


@pytest.mark.parametrize(
    "url",
    [
        URL + "&x=1",
        URL.replace("https", "http"),
        URL.replace("mycompany", "yourcompany"),
        URL.replace("myapp", "other"),
        URL.split("?")[0],
    ],
)
def test_another_address_is_refused(url: str):
    assert not valid_signature("12345", url, FORM, SIGNATURE)


def test_a_changed_added_or_missing_field_is_refused():
    changed = FORM.copy()
    changed["Digits"] = "9999"
    added = FORM.copy()
    added.add("Body", "hola")
    missing = FORM.copy()
    missing.pop("Digits")
    repeated = FORM.copy()
    repeated.add("Digits", "9999")
    for form in (changed, added, missing, repeated, MultiDict()):
        assert not valid_signature("12345", URL, form, SIGNATURE)


@pytest.mark.parametrize("signature", [None, "", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "ñandú 王", SIGNATURE + " "])
def test_a_missing_or_wrong_signature_is_refused(signature: str | None):
    assert not valid_signature("12345", URL, FORM, signature)


def test_an_empty_token_verifies_nothing():
    assert not valid_signature("", URL, FORM, sign("", URL, FORM.items(multi=True)))


def test_a_blank_field_is_part_of_what_is_signed():
    blank = MultiDict([("Body", ""), ("NumMedia", "1")])
    signature = sign("t", URL, blank.items(multi=True))
    assert valid_signature("t", URL, blank, signature)
    # A blank value adds its name only: dropping the field changes the signature.
    assert not valid_signature("t", URL, MultiDict([("NumMedia", "1")]), signature)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(words, words), max_size=12), words.filter(bool))
def test_whatever_the_twin_signs_is_accepted_and_nothing_else(pairs: list[tuple[str, str]], token: str):
    signature = sign(token, "http://127.0.0.1:8000/a?b=c", pairs)
    assert valid_signature(token, "http://127.0.0.1:8000/a?b=c", MultiDict(pairs), signature)
    assert not valid_signature(token + "x", "http://127.0.0.1:8000/a?b=c", MultiDict(pairs), signature)
    assert not valid_signature(token, "http://127.0.0.1:8000/a?b=d", MultiDict(pairs), signature)
