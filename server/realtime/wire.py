"""From untrusted JSON to a command, and nothing else: strict, closed, and silent about what it was given.

The models are made from the command dataclasses, so that a new command has a wire form the moment it exists.  The
actor is not a field: it comes from the session.  What pydantic would say about a wrong input quotes the input, and
that may be somebody's words, so only a code and, at most, the name of one of our own fields leaves this file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Literal, Union, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from server.room.commands import Command, SendMessage
from server.room.ids import PersonId
from server.room.rules import COMMANDS
from server.room.state import Mode, Signal, Willing

LONGEST_TEXT = 2000
"""Characters of a message, after it was put in order."""
LONGEST_SDP = 48_000
LONGEST_ORDER = 64


class Malformed(Exception):
    """Wrong in form: our own browser code does not send this.  `detail` holds names of our fields only."""

    def __init__(self, code: str, **detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


UNREADABLE = "unreadable"
UNKNOWN_TYPE = "unknown_type"
MISSING_FIELD = "missing_field"
UNKNOWN_FIELD = "unknown_field"
WRONG_VALUE = "wrong_value"
TEXT_EMPTY = "text_empty"
TEXT_TOO_LONG = "text_too_long"

CODES = frozenset({UNREADABLE, UNKNOWN_TYPE, MISSING_FIELD, UNKNOWN_FIELD, WRONG_VALUE, TEXT_EMPTY, TEXT_TOO_LONG})
SLIPS = frozenset({TEXT_EMPTY, TEXT_TOO_LONG})
"""What a person can bring about with our own page; it does not count towards closing the connection."""


@dataclass(frozen=True, slots=True)
class Given:
    """A command as it was given: the sender's own id for it, and the text that goes beside `SendMessage`."""

    id: str
    command: Command
    text: str | None = None


class _Closed(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


# ---- the kinds of value ------------------------------------------------------------------------------------

_Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
_MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]


def _in_order(text: object) -> object:
    """What people type, as it can be shown and stored anywhere: NFC, no control characters, no half characters.

    Lone surrogates come from a cut emoji; PostgreSQL and every UTF-8 encoder refuse them, and SQLite keeps NUL.
    """
    if not isinstance(text, str):
        return text
    if len(text) > 4 * LONGEST_TEXT:
        raise PydanticCustomError(TEXT_TOO_LONG, "too long")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(character for character in text if _may_stand(character))
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise PydanticCustomError(TEXT_EMPTY, "empty")
    if len(text) > LONGEST_TEXT:
        raise PydanticCustomError(TEXT_TOO_LONG, "too long")
    return text


def _may_stand(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")


def _encodable(text: str) -> str:
    if re.search("[\x00\ud800-\udfff]", text):
        raise PydanticCustomError(WRONG_VALUE, "not text")
    return text


def _an_answer(willing: Willing) -> Willing:
    if willing is Willing.UNASKED:
        raise PydanticCustomError(WRONG_VALUE, "not an answer")
    return willing


_TIDY = BeforeValidator(_in_order)
_Text = Annotated[str, _TIDY]
_Sdp = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SDP), AfterValidator(_encodable)]

# JSON has neither enums nor tuples, so these two are not strict about the Python type; their parts are.
_KINDS: Mapping[object, object] = {
    PersonId: _Person,
    PersonId | None: _Person | None,
    tuple[PersonId, ...]: Annotated[tuple[_Person, ...], Field(strict=False, max_length=LONGEST_ORDER)],
    bool: bool,
    Mode: Annotated[Mode, Field(strict=False)],
    Signal: Annotated[Signal, Field(strict=False)],
    Willing: Annotated[Willing, Field(strict=False), AfterValidator(_an_answer)],
}
"""Wire type of each type that a command's field has.  A command with another type of field fails at import."""


def _form_of(name: str, command: type[Any]) -> type[_Closed]:
    hints = get_type_hints(command)
    shape: dict[str, Any] = {"type": (Literal[name], ...), "id": (_Id, ...)}
    for field in fields(command):
        if field.name != "actor":
            shape[field.name] = (_KINDS[hints[field.name]], ... if field.default is MISSING else field.default)
    if command is SendMessage:
        shape["text"] = (_Text, ...)
    return create_model(f"{command.__name__}Form", __base__=_Closed, **shape)


FORMS: Mapping[str, type[_Closed]] = {name: _form_of(name, command) for name, command in COMMANDS.items()}
_any_form: Any = Union[tuple(FORMS.values())]  # noqa: UP007  # a union made at run time
_COMMAND: TypeAdapter[Any] = TypeAdapter(Annotated[_any_form, Field(discriminator="type")])


class Join(_Closed):
    """Ask for a new media connection."""

    kind: Literal["join"]
    pictures: bool = True
    """The others' pictures are to come, not only their voices."""


class Answer(_Closed):
    """The browser's answer to the offer of this generation."""

    kind: Literal["answer"]
    generation: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    sdp: _Sdp


class Pictures(_Closed):
    """Whether the others' pictures are to come from now on, or only their voices."""

    kind: Literal["pictures"]
    on: bool


MediaWord = Join | Answer | Pictures
_MEDIA: TypeAdapter[MediaWord] = TypeAdapter(Annotated[MediaWord, Field(discriminator="kind")])


class _Received(_Closed):
    id: _MessageId


class _Auth(_Closed):
    person: _Person


_RECEIVED, _AUTH = TypeAdapter(_Received), TypeAdapter(_Auth)


def is_text(metadata: Sequence[object]) -> bool:
    """A field with this metadata takes what a person typed."""
    return _TIDY in metadata


# ---- reading -----------------------------------------------------------------------------------------------


def parse(body: object, actor: PersonId) -> Given:
    """A command in the name of `actor`, whatever the message says.  Raises `Malformed`."""
    form = _read(_COMMAND, body)
    values = {name: getattr(form, name) for name in type(form).model_fields if name not in ("type", "id", "text")}
    command: Command = COMMANDS[form.type](actor=actor, **values)
    return Given(form.id, command, getattr(form, "text", None))


def parse_media(body: object) -> MediaWord:
    """Raises `Malformed`."""
    found: MediaWord = _read(_MEDIA, body)
    return found


def parse_received(body: object) -> str:
    """The id of the message that was received.  Raises `Malformed`."""
    return str(_read(_RECEIVED, body).id)


def parse_auth(body: object) -> PersonId:
    """Who somebody says they are; their cookie has to prove it.  Raises `Malformed`."""
    return PersonId(_read(_AUTH, body).person)


def _read(form: TypeAdapter[Any], body: object) -> Any:
    try:
        return form.validate_python(body)
    except ValidationError as wrong:
        raise _malformed(wrong.errors(include_input=False, include_context=False, include_url=False)[0]) from None
    except RecursionError:
        raise Malformed(UNREADABLE) from None


def _malformed(error: ErrorDetails) -> Malformed:
    match error["type"]:
        case "union_tag_invalid" | "union_tag_not_found":
            return Malformed(UNKNOWN_TYPE)
        case "model_type" | "model_attributes_type" | "dict_type":
            return Malformed(UNREADABLE)
        case "extra_forbidden":
            return Malformed(UNKNOWN_FIELD)  # its name is the sender's, not ours
        case "missing":
            return Malformed(MISSING_FIELD, field=_field(error))
        case "text_empty" | "text_too_long" as code:
            return Malformed(code, field=_field(error))
        case _:
            return Malformed(WRONG_VALUE, field=_field(error))


def _field(error: ErrorDetails) -> str:
    """The name of our own field: the innermost text of the path that is not a form's tag."""
    names = [part for part in error["loc"] if isinstance(part, str) and part not in FORMS]
    return names[-1] if names else ""
