"""Text that people type is refused at one door, before the two databases could disagree about it."""

from __future__ import annotations

import pytest

from server.store import BadText, text


def _code(call: object) -> str:
    assert callable(call)
    with pytest.raises(BadText) as bad:
        call()
    return bad.value.code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "empty"),
        (" \u00a0 ", "empty"),
        ("June\x00", "control_character"),
        ("June\nOtis", "control_character"),
        ("June\x9f", "control_character"),
        ("June\ud800", "lone_surrogate"),
        ("x" * 61, "too_long"),
    ],
)
def test_a_label_that_could_not_be_stored_or_shown_is_refused(given: str, code: str) -> None:
    assert _code(lambda: text.label(given)) == code


def test_text_is_trimmed_and_brought_to_one_spelling() -> None:
    assert text.label("  Zoe\u0308 \t".replace("\t", "")) == "Zoë"
    assert text.label("x" * 60) == "x" * 60
    assert text.title("Ж" * 120) == "Ж" * 120
    assert text.label("👩‍👧 Ana‏ שרה") == "👩‍👧 Ana‏ שרה"


def test_a_refusal_names_the_field_and_the_limit_and_not_the_text() -> None:
    with pytest.raises(BadText) as bad:
        text.title("Secret matter " * 20)
    assert (bad.value.field, bad.value.code, bad.value.limit) == ("title", "too_long", 120)
    assert "Secret" not in str(bad.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Fay@Example.ORG ", "fay@example.org"),
        ("o'neil+circle@sub.example.co.uk", "o'neil+circle@sub.example.co.uk"),
        ("jörg@bücher.example", "jörg@bücher.example"),
        ("用户@例子.广告", "用户@例子.广告"),
    ],
)
def test_an_address_has_one_spelling(given: str, kept: str) -> None:
    assert text.email(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "fay",
        "fay@",
        "@example.org",
        "fay@example",
        "fay@@example.org",
        "fay@example..org",
        "fay@.example.org",
        "fay@-example.org",
        "fay@example-.org",
        "fay@example.org.",
        "fay smith@example.org",
        "fay@exam ple.org",
        "fay@example.org,otis@example.org",
        "Fay <fay@example.org>",
        "x" * 65 + "@example.org",
        "fay@" + "x" * 64 + ".org",
        "fay@example.org\u2028",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    if given.endswith("\u2028"):  # white space at the end is trimmed, whatever its name
        assert text.email(given) == "fay@example.org"
    else:
        assert _code(lambda: text.email(given)) == "not_an_address"


def test_a_long_address_is_judged_quickly() -> None:
    """The pattern has no way to go back and forth: the limit comes first, and it is linear within it."""
    for hard in ("a" * 254, "a@" + "a." * 126, "a@" + "a-" * 126, "@" * 254):
        assert _code(lambda hard=hard: text.email(hard)) == "not_an_address"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("eleven char", "too_short"),
        ("", "too_short"),
        ("x" * 257, "too_long"),
        ("twelve chars\x00", "control_character"),
        ("twelve chars\udfff", "lone_surrogate"),
        ("Fay@Example.org", "is_the_address"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(given: str, code: str) -> None:
    assert _code(lambda: text.new_password(given, "fay@example.org")) == code


def test_length_is_the_only_rule_for_a_password() -> None:
    for fine in ("aaaaaaaaaaaa", "            ", "пароль пароль", "x" * 256, "🔑" * 12):
        assert text.new_password(fine, "fay@example.org") == fine


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    assert text.password("Zoe\u0308 and ﬁ") == text.password("Zoë and fi")
    assert text.password(" kept ") == " kept "
