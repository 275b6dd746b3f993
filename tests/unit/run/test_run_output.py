import pytest

from bot.run.output import PrefixStream


@pytest.fixture
def lines():
    return []


def pieces(stream, *texts, pid=1, name="stdout"):
    for text in texts:
        stream({"data": text if isinstance(text, bytes) else text.encode(), "pid": pid, "name": name})


def test_each_line_stands_behind_a_padded_name(lines):
    pieces(PrefixStream("twin", 7, lines.append), "one\ntwo\r\n\n")
    assert lines == ["twin    | one\n", "twin    | two\n", "twin    | \n"]


def test_a_line_that_comes_in_pieces_is_one_line(lines):
    eacute = "é".encode()
    pieces(PrefixStream("w", 1, lines.append), "qu", b"" + eacute[:1], eacute[1:] + b" tal", "\nrest")
    assert lines == ["w | qué tal\n"]


def test_two_processes_and_two_streams_do_not_mix(lines):
    stream = PrefixStream("w", 1, lines.append)
    pieces(stream, "a", pid=1)
    pieces(stream, "b", pid=2)
    pieces(stream, "c", pid=1, name="stderr")
    pieces(stream, "1\n", pid=1)
    pieces(stream, "2\n", pid=2)
    assert lines == ["w | a1\n", "w | b2\n"]
    stream.close()
    assert lines[2:] == ["w | c\n"]


def test_the_last_words_of_a_process_that_ended_are_shown(lines):
    stream = PrefixStream("w", 1, lines.append)
    pieces(stream, "Killed", pid=5)
    pieces(stream, "other", pid=6)
    stream.ended(5)
    assert lines == ["w | Killed\n"]


def test_bytes_that_are_not_text_and_endless_lines_are_shown_too(lines):
    stream = PrefixStream("w", 1, lines.append)
    pieces(stream, b"\xff\xfe\n", "x" * 70_000)
    assert lines[0] == "w | \ufffd\ufffd\n"
    assert len(lines) == 2
