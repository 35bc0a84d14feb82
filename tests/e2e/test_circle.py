"""Who is heard, in real browsers: at every phase, in every mode, through everything that interrupts a meeting."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from tests.e2e.circle import Circle
from tests.e2e.people import Person
from tests.e2e.program import Program

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_in_every_phase_and_mode_everyone_hears_exactly_the_audience(six: Circle) -> None:
    ruth, (june, amira, dan, mark, tomas) = six.ruth, six.guests
    await ruth.turn_microphone_on()
    await six.agrees(speaking=[])

    # the doors: everybody alone, then one in private with Ruth
    await six.come_to_the_doors()
    await six.agrees(speaking=[])
    await ruth.visit(june)
    await six.agrees(speaking=[ruth])
    await june.turn_microphone_on()
    await six.agrees(speaking=[ruth, june])
    await ruth.return_to_the_circle()
    await six.agrees(speaking=[])
    await ruth.bring_in(june)
    await ruth.bring_in(amira)
    await six.agrees(speaking=[ruth])
    for guest in (dan, mark, tomas):
        await ruth.bring_in(guest)
    await six.agrees(speaking=[ruth])

    # quiet
    await ruth.begin()
    await six.agrees(speaking=[ruth])

    # chaired: a grant is permission, the person's own hand opens the microphone
    await ruth.choose("Chaired")
    await dan.ask_to_speak()
    await ruth.give_the_piece_to(dan)
    await six.agrees(speaking=[ruth])
    await dan.turn_microphone_on()
    await six.agrees(speaking=[ruth, dan])
    await tomas.turn_microphone_on()
    await six.agrees(speaking=[ruth, dan, tomas])
    await six.layers_are_right()
    await ruth.give_the_piece_to(mark)
    await mark.turn_microphone_on()
    await six.agrees(speaking=[ruth, mark, tomas])
    await mark.finish()
    await six.agrees(speaking=[ruth])

    # circle: the piece goes round in seat order; the interpreter has no turn of his own
    await ruth.choose("Circle")
    await ruth.lay_the_piece_before(june)
    await six.agrees(speaking=[ruth])
    await june.take_the_piece()
    await six.agrees(speaking=[ruth, june])
    await june.pass_it_on()
    await amira.pass_it_on()
    await dan.say_come_back()
    await mark.take_the_piece()
    await six.agrees(speaking=[ruth, mark])
    await mark.pass_it_on()
    await dan.take_the_piece()
    await six.agrees(speaking=[ruth, dan])
    await dan.pass_it_on()
    await six.agrees(speaking=[ruth])

    # open
    await ruth.choose("Open")
    for guest in six.guests:
        await guest.turn_microphone_on()
    await six.agrees(speaking=six.everybody)
    await ruth.turn_microphone_off()
    await six.agrees(speaking=six.guests)

    # closing: people go one by one
    await ruth.begin_closing()
    await six.agrees(speaking=six.guests)
    await ruth.see_off(mark)
    await six.agrees(speaking=[june, amira, dan, tomas])
    await ruth.see_off(dan)
    await six.agrees(speaking=[june, amira, tomas])
    await ruth.end()
    await six.agrees(speaking=[])


async def test_what_stops_a_meeting_silences_it_and_it_goes_on_as_it_was(six: Circle) -> None:
    ruth, (june, amira, dan, mark, _) = six.ruth, six.guests
    await six.begin()
    await ruth.turn_microphone_on()
    await ruth.choose("Open")
    for guest in six.guests:
        await guest.turn_microphone_on()
    await six.agrees(speaking=six.everybody)

    # anybody may pause; in private Ruth and Dan can talk, and a pause closes every microphone but hers
    await amira.pause()
    for guest in six.guests:
        await guest.is_apart()
    await six.agrees(speaking=[])
    await ruth.visit(dan)
    await dan.turn_microphone_on()
    await six.agrees(speaking=[ruth, dan])
    await ruth.return_to_the_circle()
    await six.go_on()
    await six.agrees(speaking=[ruth])
    for guest in six.guests:
        await guest.turn_microphone_on()
    await six.agrees(speaking=six.everybody)

    # the only facilitator is lost: frozen at once; she comes back by the same page's address
    room = ruth.page.url
    await ruth.page.goto("about:blank")
    for guest in six.guests:
        await guest.is_apart()
    await six.agrees(speaking=[])
    await ruth.page.goto(room)
    await ruth.is_in_the_circle()
    await six.agrees(speaking=[])
    await six.go_on()
    await six.agrees(speaking=[ruth])
    await dan.turn_microphone_on()
    await six.agrees(speaking=[ruth, dan])

    # withdrawing and being taken out
    await dan.withdraw()
    await six.agrees(speaking=[ruth])
    await mark.turn_microphone_on()
    await june.turn_microphone_on()
    await six.agrees(speaking=[ruth, mark, june])
    await ruth.take_out(mark)
    await six.agrees(speaking=[ruth, june])
    await june.quick_exit()
    await six.agrees(speaking=[ruth])


async def test_a_lost_line_and_a_killed_server_change_nothing_but_the_moment(six: Circle, running: Program) -> None:
    ruth, june = six.ruth, six.june
    await six.begin()
    await ruth.turn_microphone_on()
    await ruth.choose("Circle")
    await ruth.lay_the_piece_before(june)
    await june.take_the_piece()
    await six.agrees(speaking=[ruth, june])

    # June's line is lost for 8 s: her turn is kept, and she is back without touching anything
    for person in six.everybody:
        person.at.forgiven = ("WebSocket", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE")
    six.line.cut(six.id_of(june))
    await six.agrees(speaking=[ruth])
    await asyncio.sleep(1)
    sent = await _sent(june)
    await asyncio.sleep(7)
    assert await _sent(june) == sent, "what is passed on to nobody is not sent"
    six.line.mend(six.id_of(june))
    await june.shows(june.heading("You have the talking piece"))
    await six.agrees(speaking=[ruth, june])

    # the server is killed and started again
    before = six.truth.room()
    await running.kill()
    await running.start()
    await six.agrees(speaking=[ruth, june])
    after = six.truth.room()
    assert (after.phase, after.floor) == (before.phase, before.floor)
    standing = [(p.id, p.door, p.place, p.microphone, p.camera, p.connected, p.media) for p in before.people.values()]
    assert standing == [
        (p.id, p.door, p.place, p.microphone, p.camera, p.connected, p.media) for p in after.people.values()
    ]

    # once more, for how long the pictures stand; what this machine makes of six browsers anyway is measured just before
    await six.start_gaps()
    await asyncio.sleep(3)
    usual = await six.longest_gap()
    await six.start_gaps()
    begun = monotonic()
    await running.kill()
    await running.start()
    down = monotonic() - begun
    await asyncio.sleep(max(2 * down, 5) + usual)  # longer than the bound: a picture that never comes back is seen
    gap = await six.longest_gap()
    print(f"down {down:.2f} s, longest gap in anybody's picture {gap:.2f} s, before the kill {usual:.2f} s")
    # Two seconds beyond the restart, which takes 1.2 s; where that takes longer because the machine is busy, so does
    # coming back of six browsers.
    assert gap < max(down + 2, 2.6 * down) + usual


async def _sent(person: Person) -> int:
    """How many packets of sound and pictures have gone out so far."""
    reports = await person.at.ask("instruments.traffic()")
    return sum(entry["packetsSent"] for report in reports for entry in report if entry["type"] == "outbound-rtp")
