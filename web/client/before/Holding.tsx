// My own place before I am brought in: where I am, who can see and hear me, what happens next.

import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { setCamera, setMicrophone } from "../acts";
import { secondsUntil } from "../beat";
import { announce } from "../notices";
import { openDrawer } from "../room/Drawer";
import { microphoneSays, whoSeesAndHears } from "../room/sentences";
import { TapToHear } from "../room/TapToHear";
import { Picture, Tile } from "../room/Tile";
import { names, words } from "../room/words";
import { invitation, may, media, messages, microphoneOn, ui, unread, view } from "../store";
import { send } from "../transport";
import { carried } from "../way";
import type { View } from "../wire";
import { Frame, Title } from "./Frame";
import { Breath } from "./Breath";
import { shortAppointment } from "./Welcome";
import { before } from "./words";

export function Holding() {
  const now = view.value;
  useSayings();
  if (now === null) return null;
  const { called_until: called } = now.me;
  const visitors = now.here.filter((seat) => !seat.me);
  return (
    <Frame
      name={called !== null ? "at-holding called" : visitors.length > 0 ? "at-holding visited" : "at-holding"}
      aside={shortAppointment(invitation.value.starts)}
      actions={
        <>
          {called !== null && <Called until={called} />}
          {called === null && visitors.length > 0 && <Devices view={now} />}
          <div class="reach">
            <button type="button" onClick={() => openDrawer("write")}>
              {before.write}
              {unread.value > 0 && <span class="pill ok">{words.fresh(unread.value)}</span>}
            </button>
            <button
              type="button"
              class={now.me.signal === null ? "" : "showing"}
              onClick={() => openDrawer("sign")}
            >
              {now.me.signal === null ? before.sign : words.signShown(words.signs[now.me.signal][0])}
            </button>
          </div>
        </>
      }
    >
      {visitors.length > 0 && <Visitors view={now} />}
      {called !== null ? (
        <>
          <Title>{before.calling(secondsUntil(called))}</Title>
          <p class="soft">{before.callingMore}</p>
        </>
      ) : visitors.length > 0 ? (
        <Title>
          {before.visited(names(visitors.map((seat) => seat.label)), visitors.length === 1 ? "is" : "are")}
        </Title>
      ) : (
        <Alone view={now} />
      )}
      <p class="before-who">
        {visitors.length > 0
          ? whoSeesAndHears(now, carried.value)
          : called !== null
            ? before.untilThen
            : before.onlyFacilitator}
      </p>
      <TapToHear />
    </Frame>
  );
}

function Alone({ view: { me } }: { view: View }) {
  const undecided = me.willing === "not_sure" || me.willing === "no";
  return (
    <>
      <Breath />
      <Title>{before.own}</Title>
      <p class="soft">
        {me.not_yet ? before.saidNotYet : me.willing === "unasked" ? before.yes : before[me.willing]}
      </p>
      <div class="note before-next">
        <b>{before.nextTitle}</b>
        <p>{undecided ? before.nextTalk : before.nextNotice}</p>
        {may("answer_door") && (
          <button type="button" class="plain" onClick={() => (ui.reconsider.value = true)}>
            {before.changeAnswer}
          </button>
        )}
      </div>
    </>
  );
}

function Called({ until }: { until: number }) {
  return (
    <>
      {/* a sheet may lie over the heading that says so */}
      {ui.drawer.value !== null && <p class="says">{before.calling(secondsUntil(until))}</p>}
      <div class="pair">
        <button type="button" disabled={!may("enter_now")} onClick={() => void send("enter_now")}>
          {before.enterNow}
        </button>
        <button type="button" disabled={!may("not_yet")} onClick={() => void send("not_yet")}>
          {before.notYet}
        </button>
      </div>
    </>
  );
}

function Visitors({ view: now }: { view: View }) {
  const { own } = media.value;
  return (
    <div class="visitors">
      {now.here
        .filter((seat) => !seat.me)
        .map((seat) => (
          <Tile key={seat.id} seat={seat}>
            <span class="name">{seat.label}</span>
          </Tile>
        ))}
      {ui.selfView.value && own !== null && (
        <div class="own-small">
          <Picture stream={own} own />
        </div>
      )}
    </div>
  );
}

function Devices({ view: now }: { view: View }) {
  const on = microphoneOn.value;
  const camera = ui.camera.value;
  return (
    <>
      <p class="soft says">{microphoneSays(now, media.value.microphone)}</p>
      <div class="pair">
        <button
          type="button"
          class={on ? "" : "primary"}
          disabled={!may("set_microphone")}
          onClick={() => void setMicrophone(!on)}
        >
          {on ? before.microphoneOff : before.microphoneOn}
        </button>
        <button type="button" disabled={!may("set_camera")} onClick={() => setCamera(!camera)}>
          {camera ? words.cameraOff : words.cameraOn}
        </button>
      </div>
    </>
  );
}

/** What has changed here, and who wrote, for those who listen to the screen. */
function useSayings(): void {
  const was = useRef<View | null>(null);
  useSignalEffect(() => {
    const now = view.value;
    const last = was.current;
    was.current = now;
    if (now === null || last === null) return;
    if (now.me.called_until !== null && last.me.called_until === null) announce(before.callingSaid);
    const here = now.here.filter((seat) => !seat.me).map((seat) => seat.label);
    const earlier = last.here.filter((seat) => !seat.me).length;
    if (here.length > earlier)
      announce(
        `${before.visited(names(here), here.length === 1 ? "is" : "are")}. ${whoSeesAndHears(now, carried.peek())}`,
      );
    if (here.length === 0 && earlier > 0) announce(before.visitedAlone);
  });
  const read = useRef(messages.peek().length);
  useSignalEffect(() => {
    const fresh = messages.value.slice(read.current).filter((message) => !message.mine);
    read.current = messages.value.length;
    const last = fresh.at(-1);
    if (last !== undefined) announce(words.wrote(last.label));
  });
}
