import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import Address, BadNumber, address_key, canonical_number, conversation_id, parse_address
from tests.people import NUMBERS, OTHER_SECRET, ROSA, SECRET, spellings

MEXICAN = st.from_regex(r"[2-9][0-9]{9}", fullmatch=True).filter(str.isascii)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_spelling_of_a_number_is_one_number(number):
    assert {canonical_number(each) for each in spellings(number)} == {number}


@given(MEXICAN)
def test_every_spelling_of_any_mexican_number_is_one_number(ten):
    assert {canonical_number(each) for each in spellings("+52" + ten)} == {"+52" + ten}


@given(MEXICAN, st.sampled_from(["044", "045", "01"]))
def test_an_old_prefix_after_the_country_code_goes_too(ten, prefix):
    assert canonical_number(f"+52 {prefix} {ten}") == "+52" + ten


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("+12125551234", "+12125551234"),
        ("whatsapp:+12125551234", "+12125551234"),
        ("001 212 555 1234", "+12125551234"),
        ("+50212345678", "+50212345678"),
        ("+34 911 23 45 67", "+34911234567"),
        (" +52 55.1234.5678 ", "+525512345678"),
        ("WhatsApp:+5215512345678", "+525512345678"),
        ("+52\u00a055\u00a01234\u00a05678", "+525512345678"),
    ],
)
def test_foreign_and_oddly_written_numbers(typed, canonical):
    assert canonical_number(typed) == canonical


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "+",
        "whatsapp:",
        "MX.13491208655302741918",
        "Telcel",
        "anonymous",
        "+52abc",
        "911",
        "12345",
        "+1234567890123456",
        "\u0665\u0665\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "55 1234 567\u00b2",
        "client:rosa",
    ],
)
def test_what_is_not_a_number_is_refused_without_repeating_it(address):
    with pytest.raises(BadNumber) as refused:
        canonical_number(address)
    if address.strip():
        assert address not in str(refused.value)


@given(st.text(max_size=40))
def test_any_text_gives_a_number_or_a_refusal(text):
    try:
        number = canonical_number(text)
    except BadNumber:
        return
    assert number.startswith("+")
    assert number[1:].isascii()
    assert number[1:].isdigit()
    assert 7 <= len(number) - 1 <= 15
    assert canonical_number(number) == number


def test_a_conversation_is_known_by_secret_and_number_alone():
    first = conversation_id(SECRET, ROSA)
    assert first == conversation_id(SECRET, ROSA)
    assert len(first) == 32
    assert int(first, 16) >= 0
    assert len({conversation_id(secret, number) for secret in (SECRET, OTHER_SECRET) for number in NUMBERS}) == 6


def test_a_conversation_id_never_changes_between_versions():
    # Every row in every database hangs on this value.
    assert conversation_id("0123456789abcdef", "+525512345678") == "485835a6df2361c3ff33fe07a8a41b32"


CALL = "CA0123456789abcdef0123456789abcdef"
WITHHELD = (
    "anonymous", "Anonymous", "ANONYMOUS", "Restricted", "unavailable", "Unknown", "private", "blocked", "", "+",
    "+266696687", "266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+7748283",
    "sip:anonymous@anonymous.invalid", "sip:Restricted@10.0.0.1", "whatsapp:",
)  # fmt: skip


@pytest.mark.parametrize("address", WITHHELD)
def test_a_withheld_number_names_nobody(address):
    assert parse_address(address) == Address("anonymous", "")
    with pytest.raises(BadNumber):
        canonical_number(address)


def test_a_withheld_number_is_one_person_for_one_call():
    assert parse_address(f"anonymous:{CALL}") == Address("anonymous", CALL)
    assert parse_address(f"anonymous:{CALL}") != parse_address("anonymous:CA1")
    with pytest.raises(BadNumber):
        parse_address("anonymous:not a call")


@pytest.mark.parametrize(
    ("address", "kind", "value"),
    [
        # one person, however the number is written
        ("whatsapp:+5215512345678", "number", "+525512345678"),
        ("whatsapp:+525512345678", "number", "+525512345678"),
        ("sip:+525512345678@pbx.example.gob.mx", "number", "+525512345678"),
        ("sip:5512345678@pbx.example.gob.mx:5060;transport=udp", "number", "+525512345678"),
        ("sips:+525512345678@pbx.example.gob.mx", "number", "+525512345678"),
        ("tel:+525512345678;phone-context=+52", "number", "+525512345678"),
        # other countries keep what they have
        ("+15512345678", "number", "+15512345678"),
        ("+50255123456", "number", "+50255123456"),
        ("+5215512345", "number", "+5215512345"),
        ("+53551234567", "number", "+53551234567"),
        ("+5491123456789", "number", "+5491123456789"),
        # people without a number
        ("MX.13491208655302741918", "bsuid", "MX.13491208655302741918"),
        ("whatsapp:MX.13491208655302741918", "bsuid", "MX.13491208655302741918"),
        ("whatsapp:US.ENT.11815799212886844830", "bsuid", "US.ENT.11815799212886844830"),
        ("sip:Rosa@PBX.example.gob.mx", "sip", "Rosa@pbx.example.gob.mx"),
        ("sip:1001@pbx.example.gob.mx", "sip", "1001@pbx.example.gob.mx"),
    ],
)
def test_whom_an_address_names(address, kind, value):
    assert parse_address(address) == Address(kind, value)


@pytest.mark.parametrize(
    "address", ["Telcel", "client:rosa", "12345", "911", "mx.123", "MX.", "MX.12 3", "+0551234567"]
)
def test_what_is_no_address(address):
    with pytest.raises(BadNumber):
        parse_address(address)


def test_no_two_people_have_one_key():
    people = [
        "+525512345678", "+15512345678", "+525512345679", "+5215512345", "MX.525512345678", "US.525512345678",
        "mx.rosa@example", "sip:rosa@a.example", "sip:rosa@b.example", "sip:1001@a.example", f"anonymous:{CALL}",
        "anonymous:CA1", "+50255123456", "+5491123456789",
    ]  # fmt: skip
    named = [parse_address(each) for each in people if each != "mx.rosa@example"]
    assert len({address_key(SECRET, each) for each in named}) == len(named)


@given(st.text(max_size=60))
def test_any_address_is_read_or_refused_and_reads_the_same_again(text):
    try:
        address = parse_address(text)
    except BadNumber:
        return
    if address.kind == "number":
        assert parse_address(address.value) == address
    if address.kind == "bsuid":
        assert parse_address(f"whatsapp:{address.value}") == address
