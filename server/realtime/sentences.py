"""What a person is told when something could not be done: what is so, and what they can do.  Codes are for programs.

Written by the rules of the product's voice: plain words, no blame, what happens next.  The texts for facilitators
name the next safe step.  Nothing here says anything of what another person did.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        # ---- who may do what
        "unknown_person": "That person does not belong to this meeting. Nothing was changed.",
        "not_your_role": "This is for somebody else in the meeting to do. Nothing was changed.",
        "wrong_door": "This is not possible from where you are now. Your screen shows what you can do.",
        "wrong_phase": "This is not possible at this point of the meeting. Your screen shows what you can do.",
        "not_connected": "Your line was down. You are coming back; then you can do this.",
        # ---- the plan
        "already_planned": "The people of this meeting are set already. You can still invite somebody else.",
        "person_exists": "This person is invited already.",
        "wrong_attachment": "A supporter comes with one side, an interpreter with the person they speak for.",
        # ---- the door
        "not_waiting": "This person is not waiting to come in now. Look again in a moment.",
        "not_willing": "This person has not said yes for today. You can go and talk with them first.",
        "line_down": "This person's line is down. Wait until they are back.",
        "out_of_order": "Somebody else comes in first. Bring them in first, or change the order.",
        "already_called": "This person has been asked in already and comes in a moment.",
        "not_called": "Nobody has asked you in yet. Your facilitator will.",
        "cannot_enter_now": "You cannot go in just now. You stay where you are, and your facilitator knows.",
        "not_here": "This person is not in the meeting now.",
        "not_barred": "Nothing keeps this person from coming back. They can open their link again.",
        "order_incomplete": "The order has to name everybody who comes in, once each. Nothing was changed.",
        # ---- the meeting and its places
        "not_ready": "Not everybody has said that they are ready. You can visit them and ask.",
        "not_in_circle": "This is possible in the circle only. Nothing was changed.",
        "no_media": "Your sound and picture are not connected yet. When they are, you can do this.",
        "no_holding_place": "This person is not in a place of their own now, so they cannot be visited.",
        "already_there": "You are there already.",
        # ---- the floor
        "wrong_mode": "This does not go with the way of speaking that is set now. Nothing was changed.",
        "never_holds": "This person speaks without a turn, or only listens. Choose somebody else.",
        "holds_floor": "This person has the turn already.",
        "floor_not_held": "It is not your turn any more, so there is nothing to pass on.",
        "already_taken": "You hold the piece already. You can speak when you like.",
        "already_queued": "You have asked to speak already. Your turn will come.",
        "not_queued": "This person has not asked to speak, or does not ask any more.",
        "nobody_else_left": "Everybody else has had the piece in this round. You can speak, or pass it on.",
        # ---- signals and messages
        "no_signal": "There is no sign of this person to answer. Perhaps it was answered already.",
        "not_yours": "Only the person themselves or a facilitator can take this sign back.",
        "no_facilitator_here": "No facilitator is here to read it now. Nothing was sent. You can leave at any time.",
        "no_such_recipient": "A message goes between one person and the facilitators. Nothing was sent.",
        "not_delivered": "Your message did not arrive, and nobody has read it. You can send it again.",
        # ---- the room itself
        "busy": "A lot is happening in this moment. Nothing was changed. Please try again.",
        "stalled": "We cannot write this down now, so it was not done. Nothing is lost. Please try again in a moment.",
        "kept": "This is in effect now. We could not write it down yet; we keep trying, and you need do nothing.",
        "closed": "The meeting is being moved. You are coming back in a moment, and your place is kept.",
        "no_media_now": "Sound and picture begin when you have answered the question at the door.",
        # ---- sound and picture
        "no_relay": "Your address is to stay hidden, and we cannot hide it now. So sound and picture stay off.",
        "stale_generation": "Sound and picture were connected anew in the meantime. They come back by themselves.",
        "already_answered": "Sound and picture are on their way already.",
        "malformed_answer": "Your browser and we did not understand each other about sound and picture. We try again.",
        "too_many_connecting": "Many people are connecting at this moment. Sound and picture come in a few seconds.",
        "restarting": "Sound and picture are being started again. They come back by themselves in a moment.",
        "signalling_error": "Sound and picture could not be connected. We try again.",
        # ---- what was sent was not what we expect
        "unreadable": "Part of what was sent did not arrive whole. Nothing was changed. Please load the page again.",
        "unknown_type": "This page is older than the meeting. Nothing was changed. Please load the page again.",
        "missing_field": "Part of what was sent was missing. Nothing was changed. Please load the page again.",
        "unknown_field": "We got more than we know. Nothing was changed. Please load the page again.",
        "wrong_value": "We got something that we do not know. Nothing was changed. Please load the page again.",
        "text_empty": "There is nothing in this message yet. Nothing was sent.",
        "text_too_long": "A message can have 2000 letters. This one is longer, so nothing was sent.",
        # ---- the line
        "session_ended": "Your way in has ended on this device. Open your link again, or ask for a new one.",
        "slow_down": "That was many times in a few seconds. Nothing was changed. Please wait a moment and try again.",
        "fault": "Something went wrong on our side. Nothing was changed. You can try again.",
    }
)


def say(code: str) -> str:
    """The sentence of a code.  A code without one is our mistake, and still gets an answer."""
    return SENTENCES.get(code, SENTENCES["fault"])
