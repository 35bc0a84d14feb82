"""What must be true of everything that happens: the machine, and by whose hand things are done."""

from __future__ import annotations

from server.room import codec, evolve, next_deadline, permitted, step
from server.room import commands as c
from server.room import events as e
from server.room.settle import CONSEQUENCES
from server.room.state import Role
from tests.room.happening import Happening, StepLaw
from tests.room.words import CIRCLE, has_the_word, leads

# ---- the machine ----------------------------------------------------------------------------------------------------


def a_refusal_changes_nothing(it: Happening) -> None:
    if it.refusal is not None:
        assert it.after is it.before
        assert it.facts == ()


def the_facts_alone_make_the_room(it: Happening) -> None:
    room = it.before
    for fact in it.facts:
        room = evolve(room, codec.decode(codec.encode(fact)))
    assert room == it.after
    assert it.after.seq == it.before.seq + len(it.facts)


def a_resend_is_answered_and_not_repeated(it: Happening) -> None:
    if it.facts and it.command_id is not None:
        assert step(it.after, it.did, it.now, it.command_id) == (it.after, ())


def what_has_settled_stays_settled(it: Happening) -> None:
    for consequence in CONSEQUENCES:
        assert list(consequence(it.after, it.after)) == []


def a_tick_leaves_nothing_overdue(it: Happening) -> None:
    deadline = next_deadline(it.after)
    if isinstance(it.did, c.Tick):
        assert deadline is None or deadline > it.now
        due = next_deadline(it.before)
        assert bool(it.facts) == (due is not None and due <= it.now)


def a_kept_turn_and_a_kept_place_run_out(it: Happening) -> None:
    if not isinstance(it.did, c.Tick):
        return
    for person in it.after.people.values():
        if person.lost_at is not None:
            assert it.now < person.lost_at + it.after.timings.absence
            turn = it.after.floor.turn
            if turn is not None and turn.holder == person.id:
                assert it.now < person.lost_at + it.after.timings.turn_grace


def a_restart_is_waited_out_no_longer_than_agreed(it: Happening) -> None:
    since = it.after.recovering_since
    if isinstance(it.did, c.Tick) and since is not None:
        assert it.now < since + it.after.timings.recovery


def what_may_be_done_is_what_is_not_refused(it: Happening) -> None:
    if it.actor is None or it.actor not in it.before.people:
        return
    operand = getattr(it.did, "person", getattr(it.did, "to", None))
    name = "".join(f"_{x.lower()}" if x.isupper() else x for x in type(it.did).__name__)[1:]
    if it.command_id is not None and it.command_id in it.before.recent.get(it.actor, ()):
        return
    allowed = (name, operand) in permitted(it.before, it.actor)
    if it.refusal is None:
        assert allowed
    elif not isinstance(it.did, c.AnswerDoor | c.SetArrivalOrder):
        assert not allowed


# ---- by whose hand --------------------------------------------------------------------------------------------------


def only_ones_own_hand_opens_microphone_and_camera(it: Happening) -> None:
    for person, after in it.after.people.items():
        before = it.before.people.get(person)
        if before is None:
            continue
        if after.microphone and not before.microphone:
            assert it.did in (c.SetMicrophone(person, on=True), c.TakePiece(person))
        if after.camera and not before.camera:
            assert it.did == c.SetCamera(person, on=True)


def nobody_is_carried_anywhere_with_an_open_microphone(it: Happening) -> None:
    for person, after in it.after.people.items():
        before = it.before.people.get(person)
        if before is not None and before.place != after.place and after.microphone:
            assert leads(after)
            assert it.actor == person


def the_end_of_a_turn_closes_the_microphone(it: Happening) -> None:
    before, after = it.before.floor.turn, it.after.floor.turn
    if before is not None and (after is None or after.holder != before.holder):
        assert not it.after.people[before.holder].microphone


def the_end_of_the_right_to_speak_closes_the_microphone(it: Happening) -> None:
    mode_changed = it.before.floor.mode is not it.after.floor.mode
    for person, after in it.after.people.items():
        before = it.before.people.get(person)
        if before is None or leads(after) or after.place != CIRCLE or has_the_word(it.after, after):
            continue
        if has_the_word(it.before, before) or mode_changed:
            assert not after.microphone


def the_piece_moves_only_by_a_hand_that_may_move_it(it: Happening) -> None:
    for fact in it.facts:
        if isinstance(fact.event, e.FloorGranted):
            by_facilitator = isinstance(it.did, c.GrantFloor) and it.did.person == fact.event.person
            by_holder = (
                isinstance(it.did, c.PassPiece | c.ComeBackToMe)
                and it.before.floor.turn is not None
                and it.before.floor.turn.holder == it.actor
            )
            assert by_facilitator or by_holder
            granted = it.before.people[fact.event.person]
            assert granted.connected
            assert granted.place == CIRCLE


def everyone_is_asked_in_a_round_before_anyone_twice(it: Happening) -> None:
    floor = it.before.floor
    if not isinstance(it.did, c.PassPiece | c.ComeBackToMe) or it.refusal is not None:
        return
    unasked = {
        p.id
        for p in it.before.people.values()
        if p.role in (Role.VICTIM, Role.OFFENDER, Role.SUPPORTER) and p.place == CIRCLE and p.connected
    } - {*floor.passed, *floor.come_back, it.did.actor}
    turn = it.after.floor.turn
    if unasked:
        assert turn is not None
        assert turn.holder in unasked
    elif any(it.before.people[p].connected for p in floor.come_back):
        assert turn is not None
        assert turn.holder in floor.come_back
    else:
        assert turn is None
        assert e.RoundCompleted() in it.events


def a_dropped_line_does_not_forfeit_the_turn(it: Happening) -> None:
    if isinstance(it.did, c.Disconnect) and it.after.phase is it.before.phase:
        assert it.after.floor.turn == it.before.floor.turn


STEP_LAWS: tuple[StepLaw, ...] = (
    a_refusal_changes_nothing,
    the_facts_alone_make_the_room,
    a_resend_is_answered_and_not_repeated,
    what_has_settled_stays_settled,
    a_tick_leaves_nothing_overdue,
    a_kept_turn_and_a_kept_place_run_out,
    a_restart_is_waited_out_no_longer_than_agreed,
    what_may_be_done_is_what_is_not_refused,
    only_ones_own_hand_opens_microphone_and_camera,
    nobody_is_carried_anywhere_with_an_open_microphone,
    the_end_of_a_turn_closes_the_microphone,
    the_end_of_the_right_to_speak_closes_the_microphone,
    the_piece_moves_only_by_a_hand_that_may_move_it,
    everyone_is_asked_in_a_round_before_anyone_twice,
    a_dropped_line_does_not_forfeit_the_turn,
)
