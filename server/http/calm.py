"""Pages for when something else happened: what it is, that nothing was lost, what to do; a code after the words.

`Calm` is raised anywhere in a handler and becomes such a page.  The table below holds the words of every code, so that
a test can read them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """`status` is the HTTP status; `then` is what the person can do next."""

    status: int
    heading: str
    what: str
    then: str


_ASK = "Or ask them for a new link, which they can make in a moment."
_AGAIN = "Please go back and try again."

WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "not_found": Words(
            404,
            "There is nothing at this address",
            "Perhaps a part of the address was lost on the way. Nothing else is wrong.",
            "If you were invited, open the link that your facilitator sent you, the whole of it.",
        ),
        "method_not_allowed": Words(
            405,
            "This page is opened in another way",
            "The address is right, but not the way in which it was opened. Nothing was changed.",
            "Please start again from your link, or from the first page.",
        ),
        "too_large": Words(
            413,
            "That was more than we can take",
            "What was sent is longer than this page allows. Nothing was changed.",
            "Please go back, make it shorter and send it again.",
        ),
        "not_a_form": Words(
            415,
            "We could not read that",
            "What was sent is not in the form that this page sends. Nothing was changed.",
            _AGAIN,
        ),
        "unreadable": Words(
            400,
            "We could not read that",
            "Some of what was sent did not arrive whole. Nothing was changed.",
            _AGAIN,
        ),
        "foreign_origin": Words(
            403,
            "This did not come from our own page",
            "To keep you safe we only take what is sent from our own pages. Nothing was changed.",
            "Please open the page here yourself and try again.",
        ),
        "stale_form": Words(
            403,
            "This page was open for too long",
            "You were signed out in the meantime, or signed in again. Nothing was changed.",
            "Please go back, load the page again and send it once more.",
        ),
        "misdirected": Words(
            421,
            "This address is not ours",
            "The program answers at another address. Nothing was changed.",
            "Please use the address that the person who runs it gave you.",
        ),
        "too_many": Words(
            429,
            "That was many tries in a short time",
            "To keep everyone safe we wait a little now. Nothing is lost.",
            "Please try again in a few minutes.",
        ),
        "too_slow": Words(
            408,
            "Your line is very slow just now",
            "What was sent did not arrive in time. Nothing was changed.",
            "Please try again, if you can from a place with better reception.",
        ),
        "link_unknown": Words(
            404,
            "This link does not open a place",
            "It may be cut short or be of an earlier day, or there is a newer one. You did nothing wrong.",
            f"If you have a newer message from your facilitator, open the link in that. {_ASK}",
        ),
        "not_this_browser": Words(
            403,
            "Please open your link again",
            "This browser does not know you, or it has been a while. Your place is kept.",
            "Open the link that your facilitator sent you. If you do not have it, ask them for a new one.",
        ),
        "meeting_gone": Words(
            404,
            "We do not have this meeting",
            "It may belong to another account. Nothing was changed.",
            "Please start again from your list of meetings.",
        ),
        "set_up_done": Words(
            409,
            "This program is already set up",
            "There is an account already, so the set-up link has done its work.",
            "You can sign in on the first page.",
        ),
        "set_up_unknown": Words(
            404,
            "This set-up link does not work any more",
            "It may be cut short, or be a day old, or a newer one was printed since. Nothing was changed.",
            "Please start the program again, or type `talkingpiece setup-link`, and open the link that it prints.",
        ),
        "not_now": Words(
            503,
            "We cannot do that at this moment",
            "A part of the program is busy or is starting. Nothing was lost.",
            "Please try again in a minute.",
        ),
        "fault": Words(
            500,
            "Something went wrong on our side",
            "It was not you. Nothing that you did before is lost.",
            "Please try again. If it happens again, tell the person who runs this program the code below.",
        ),
    }
)


class Calm(Exception):
    """Answer with the calm page of this code.

    `detail` stands beside the code in small print (a fault's id); `retry_after` is in seconds.
    """

    def __init__(self, code: str, *, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.words = WORDS[code]
        self.detail = detail
        self.retry_after = retry_after
