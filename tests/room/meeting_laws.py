"""What must be true of everything that happens: coming and going, messages, pausing and going on."""

from __future__ import annotations

from server.room import commands as c
from server.room import events as e
from server.room import recipients
from server.room.state import Door, Mode, Phase, Role, Willing
from tests.room.happening import Happening, StepLaw
from tests.room.words import CIRCLE, LIVE, leads, watched

HALTED = {Phase.PAUSED, Phase.FROZEN}
HAS_COME = {Door.WAITING, Door.ADMITTED}

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


MEETING_LAWS: tuple[StepLaw, ...] = (
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
