// What I can do, at the bottom of a participant's screen.  The pause and the way out never change their place.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { setCamera } from "../acts";
import { may, media, microphoneOn, ui, unread, view } from "../store";
import { send } from "../transport";
import type { View } from "../wire";
import { actsOf } from "./choices";
import { openDrawer, type DrawerName } from "./Drawer";
import { CameraIcon, LeaveIcon, MicrophoneIcon, SignIcon, ViewIcon, WriteIcon } from "./icons";
import { Switch } from "./Switch";
import { cameraSays, microphoneSays } from "./sentences";
import { words } from "./words";

export function Controls() {
  const now = view.value;
  if (now === null) return null;
  const [main, ...others] = actsOf(now);
  const settled = useSettled(main?.says);
  return (
    <footer class="controls" id="controls" aria-label={words.controls}>
      <Mine view={now} />
      <div class="say">
        <div class="others">
          {others.map((act) => (
            <button type="button" key={act.says} onClick={act.run}>
              {act.says}
            </button>
          ))}
        </div>
        {main === undefined ? (
          <p class="main listening">{now.me.in_circle ? words.listening : words.takeYourTime}</p>
        ) : (
          <button
            type="button"
            class={main.id === "cancel_request" ? "main" : "main primary"}
            aria-keyshortcuts="Alt+A"
            aria-disabled={!settled}
            onClick={() => settled && main.run()}
          >
            {main.says}
          </button>
        )}
        <Pause view={now} />
      </div>
      <Drawers view={now} />
    </footer>
  );
}

/** How long a button that has become another one waits before it takes a press, in ms. */
const SETTLES = 600;

/**
 * Whether the main button has been what it is for a while.  It changes under the hand: a second tap that was meant for
 * "Turn on my microphone" must not say "I have finished".
 */
function useSettled(says: string | undefined): boolean {
  const [settled, settle] = useState(says);
  useEffect(() => {
    if (settled === says) return;
    const timer = setTimeout(() => settle(says), SETTLES);
    return () => clearTimeout(timer);
  }, [says, settled]);
  return settled === says;
}

/** My microphone and my camera, in words. */
function Mine({ view: now }: { view: View }) {
  const { camera, microphone } = media.value;
  const filming = ui.camera.value && camera === "on";
  return (
    <div class="standing">
      <p class="microphone">
        <MicrophoneIcon on={microphoneOn.value} />
        <span>
          {microphoneSays(now, microphone)} {cameraSays(camera)}
        </span>
      </p>
      {may("set_camera") && (
        <Switch on={filming} says={words.camera} set={setCamera} icon={<CameraIcon on={filming} />} />
      )}
    </div>
  );
}

/** Stops for everybody; while everything stands still, the same place calls for help. */
function Pause({ view: now }: { view: View }) {
  if (now.me.in_circle || may("pause"))
    return (
      <button
        type="button"
        class="pause"
        disabled={!may("pause")}
        aria-keyshortcuts="Alt+P"
        onClick={() => send("pause")}
      >
        {words.needPause}
      </button>
    );
  return (
    <button type="button" class="pause" onClick={() => openDrawer("sign")}>
      {words.needHelp}
    </button>
  );
}

function Drawers({ view: { here } }: { view: View }) {
  const facilitators = here.filter((seat) => seat.role === "facilitator" && !seat.me);
  const only = facilitators.length === 1 ? facilitators[0]?.label : undefined;
  const buttons: readonly (readonly [DrawerName, () => JSX.Element, string])[] = [
    ["write", WriteIcon, words.write],
    ["sign", SignIcon, words.sign],
    ["view", ViewIcon, words.myView],
    ["leave", LeaveIcon, words.leave],
  ];
  return (
    <nav class="ways" aria-label={words.more}>
      {buttons.map(([name, Icon, says]) => (
        <button
          type="button"
          key={name}
          aria-expanded={ui.drawer.value === name}
          onClick={() => openDrawer(name)}
        >
          <Icon />
          <span>
            {says}
            {name === "write" && only !== undefined && <span class="to"> {words.toPerson(only)}</span>}
          </span>
          {name === "write" && unread.value > 0 && <span class="count">{words.fresh(unread.value)}</span>}
        </button>
      ))}
    </nav>
  );
}
