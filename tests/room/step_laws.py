"""What must be true of everything that happens, in the words of the requirements.

Each law takes a `Happening` (the room before, what was done, what came of it, the room after) and raises
`AssertionError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.room import Refused, Room, codec, evolve, next_deadline, permitted, recipients, step
from server.room import commands as c
from server.room import events as e
from server.room.ids import CommandId, PersonId
from server.room.settle import CONSEQUENCES
from server.room.state import Door, Mode, Phase, Role, Willing
from tests.room.state_laws import CIRCLE, LIVE, has_the_word, leads, watched

HALTED = {Phase.PAUSED, Phase.FROZEN}
HAS_COME = {Door.WAITING, Door.ADMITTED}


@dataclass(frozen=True)
class Happening:
    before: Room
    did: c.Command | c.Occurrence
    now: datetime
    command_id: CommandId | None
    refusal: Refused | None
    facts: tuple[e.Fact, ...]
    after: Room

    @property
    def actor(self) -> PersonId | None:
        return getattr(self.did, "actor", None)

    @property
    def events(self) -> list[e.Event]:
        return [fact.event for fact in self.facts]


StepLaw = Callable[[Happening], None]


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
    if it.command_id is not None and it.command_id in it.before.recent:
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


# ---- the door -------------------------------------------------------------------------------------------------------


def nobody_enters_unasked_unwilling_unguarded_or_out_of_order(it: Happening) -> None:
    for fact in it.facts:
        match fact.event:
            case e.PersonCalled(person):
                before = it.before.people[person]
                assert (before.door, before.willing, before.connected) == (Door.WAITING, Willing.YES, True)
                still_to_come = [
                    p
                    for p in it.before.arrival_order
                    if it.before.people[p].door in (Door.AWAY, Door.ARRIVING, Door.WAITING)
                    and not it.before.people[p].was_admitted
                ]
                assert before.was_admitted or still_to_come[0] == person
            case e.PersonAdmitted(person) if not leads(it.after.people[person]):
                before = it.before.people[person]
                assert (before.door, before.willing, before.connected) == (Door.WAITING, Willing.YES, True)
                assert before.called_at is not None
                noticed = it.now >= before.called_at + it.before.timings.notice
                assert noticed or it.did == c.EnterNow(person)
                assert it.before.phase in LIVE
                assert it.after.phase in LIVE
                assert watched(it.after, CIRCLE)
            case _:
                pass


def another_device_comes_through_the_door_again(it: Happening) -> None:
    if isinstance(it.did, c.Connect) and it.did.person in it.before.people and it.before.phase is not Phase.ENDED:
        before, after = it.before.people[it.did.person], it.after.people[it.did.person]
        if leads(after):
            assert after.door is Door.ADMITTED
        elif before.device != it.did.device:
            assert after.door not in HAS_COME
            assert not after.media
        elif before.door in HAS_COME:
            assert (after.door, after.willing) == (before.door, before.willing)
        if before.door in (Door.REFUSED, Door.REMOVED, Door.WITHDRAWN):
            assert after.door is before.door


def an_older_device_says_nothing(it: Happening) -> None:
    if isinstance(it.did, c.Disconnect) and it.before.people[it.did.person].device != it.did.device:
        assert it.facts == ()


def going_is_never_prevented_and_takes_effect_at_once(it: Happening) -> None:
    if isinstance(it.did, c.Leave | c.WithdrawConsent):
        before = it.before.people.get(it.did.actor)
        if before is None:
            return
        if before.door in {*HAS_COME, Door.ARRIVING} and it.before.phase is not Phase.ENDED:
            assert it.refusal is None or (leads(before) and isinstance(it.did, c.WithdrawConsent))
        if it.facts:
            gone = it.after.people[it.did.actor]
            assert gone.door is (Door.LEFT if isinstance(it.did, c.Leave) else Door.WITHDRAWN)


# ---- messages -------------------------------------------------------------------------------------------------------


def words_pass_between_one_participant_and_the_facilitators(it: Happening) -> None:
    if not isinstance(it.did, c.SendMessage) or not it.facts:
        return
    read_by = [it.before.people[p] for p in recipients(it.before, it.did.actor, it.did.to)]
    participants = [p for p in read_by if not leads(p)]
    assert len(participants) == 1
    assert participants[0].id in (it.did.actor, it.did.to)
    assert all(p.connected and p.door in {*HAS_COME, Door.ARRIVING} for p in read_by)
    assert any(leads(p) for p in read_by)


# ---- pausing and going on -------------------------------------------------------------------------------------------


def anyone_who_is_in_can_pause(it: Happening) -> None:
    if isinstance(it.did, c.Pause):
        actor = it.before.people.get(it.did.actor)
        if actor is not None and actor.door is Door.ADMITTED and actor.connected and it.before.phase in LIVE:
            assert it.after.phase is Phase.PAUSED


def a_halt_ends_only_by_a_facilitators_hand_and_each_partys_word(it: Happening) -> None:
    if it.before.phase in HALTED and it.after.phase not in HALTED and it.after.phase is not Phase.ENDED:
        assert isinstance(it.did, c.Resume)
        assert it.after.phase is it.before.resume_to
        parties = [p for p in it.before.people.values() if p.role in (Role.VICTIM, Role.OFFENDER)]
        assert all(p.ready for p in parties if p.door is Door.ADMITTED)


def a_halt_keeps_the_queue_and_the_round(it: Happening) -> None:
    if it.before.phase in LIVE and it.after.phase in HALTED and isinstance(it.did, c.Pause | c.SetMedia | c.Disconnect):
        assert it.after.floor.turn is None
        assert it.after.floor.queue == it.before.floor.queue
        assert it.after.floor.passed == it.before.floor.passed
        assert it.after.floor.come_back == it.before.floor.come_back


def nobody_is_ready_before_they_are_asked(it: Happening) -> None:
    if it.before.phase is not it.after.phase:
        assert not any(p.ready for p in it.after.people.values())


def a_mode_forgets_what_is_not_its_own(it: Happening) -> None:
    if it.before.floor.mode is not it.after.floor.mode and it.after.floor.mode in (Mode.CIRCLE, Mode.OPEN):
        assert it.after.floor.queue == ()


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
    nobody_enters_unasked_unwilling_unguarded_or_out_of_order,
    another_device_comes_through_the_door_again,
    an_older_device_says_nothing,
    going_is_never_prevented_and_takes_effect_at_once,
    words_pass_between_one_participant_and_the_facilitators,
    anyone_who_is_in_can_pause,
    a_halt_ends_only_by_a_facilitators_hand_and_each_partys_word,
    a_halt_keeps_the_queue_and_the_round,
    nobody_is_ready_before_they_are_asked,
    a_mode_forgets_what_is_not_its_own,
)
