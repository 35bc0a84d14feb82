// Who invited me, when, and what will happen.

import { openDrawer } from "../room/Drawer";
import { invitation, ui } from "../store";
import { Frame, Title } from "./Frame";
import { before } from "./words";

const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const hour = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true });

/** "Tuesday 24 November, 2:00 pm", in the reader's own time; "" when no time was set. */
export function appointment(starts: string): string {
  const at = new Date(starts);
  return Number.isNaN(at.getTime()) ? "" : `${day.format(at).replace(",", "")}, ${hour.format(at)}`;
}

/** "2:00 pm today", or "2:00 pm, 24 Nov": short enough to stand beside the ways out. */
export function shortAppointment(starts: string): string {
  const at = new Date(starts);
  if (Number.isNaN(at.getTime())) return "";
  const today = at.toDateString() === new Date().toDateString();
  return today ? before.today(hour.format(at)) : `${hour.format(at)}, ${date.format(at)}`;
}

export function Welcome() {
  const { inviter, starts } = invitation.value;
  const when = appointment(starts);
  return (
    <Frame
      name="at-welcome"
      step={1}
      actions={
        <>
          <button type="button" class="primary" onClick={() => (ui.step.value = "devices")}>
            {before.start}
          </button>
          <button type="button" class="quiet" onClick={() => openDrawer("write")}>
            {before.question}
          </button>
        </>
      }
    >
      <Title>{before.invited}</Title>
      <p class="lead">
        {inviter !== "" && <span>{before.by(inviter)}</span>} {when !== "" && <b>{when}</b>}
      </p>
      <ol class="road">
        <li>
          <span>
            <b>{before.first[0]}</b> {before.first[1]}
          </span>
        </li>
        <li>
          <span>
            <b>{before.then[0]}</b> {before.then[1]}
          </span>
        </li>
        <li>
          <span>
            {before.last[0]} <b>{before.last[1]}</b>
          </span>
        </li>
      </ol>
      <p class="note">{before.notRecorded}</p>
    </Frame>
  );
}
