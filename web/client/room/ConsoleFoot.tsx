// The foot of the console: my devices, the pause for everyone, and the ways in which it ends.

import { leave, setCamera, setMicrophone } from "../acts";
import { microphoneOn, ui } from "../store";
import { send } from "../transport";
import type { Console, View } from "../wire";
import { ask } from "./Confirm";
import { consoleWords as says } from "./consoleWords";
import { CameraIcon, MicrophoneIcon } from "./icons";
import { Switch } from "./Switch";
import { words } from "./words";

export function askToEnd({ people }: Console): void {
  const here = people.filter((row) => row.connected && row.role !== "facilitator" && row.place !== null);
  ask({
    title: says.endTitle,
    text: says.endText(here.map((row) => row.label)),
    yes: says.endYes,
    run: () => send("end_meeting"),
  });
}

export function Foot({ view: now }: { view: View }) {
  const may = (command: string) => now.may.includes(command);
  return (
    <footer class="controls foot" aria-label={words.controls}>
      <div class="devices-row">
        <Switch
          on={microphoneOn.value}
          says={words.microphoneSwitch}
          set={setMicrophone}
          icon={<MicrophoneIcon on={microphoneOn.value} />}
          disabled={!may("set_microphone")}
          keys="Alt+M"
        />
        <Switch
          on={ui.camera.value}
          says={words.camera}
          set={setCamera}
          icon={<CameraIcon on={ui.camera.value} />}
          disabled={!may("set_camera")}
        />
      </div>
      <button
        type="button"
        class="pause all"
        disabled={!may("pause")}
        aria-keyshortcuts="Alt+P"
        onClick={() => send("pause")}
      >
        {says.pause}
      </button>
      <Ends view={now} />
    </footer>
  );
}

/** The ways in which it ends; on a narrow screen they stand at the end of "Now" instead of at the foot. */
export function Ends({ view: now }: { view: View }) {
  const may = (command: string) => now.may.includes(command);
  return (
    <div class="ends">
      {may("begin_closing") && (
        <button type="button" class="quiet" onClick={() => send("begin_closing")}>
          {says.beginClosing}
        </button>
      )}
      {may("leave") && (
        <button
          type="button"
          class="quiet"
          onClick={() =>
            ask({ title: says.leaveTitle, text: says.leaveText, yes: says.leaveYes, run: leave })
          }
        >
          {says.leave}
        </button>
      )}
      {may("end_meeting") && now.console !== null && (
        <button type="button" class="quiet" onClick={() => now.console && askToEnd(now.console)}>
          {says.end}
        </button>
      )}
    </div>
  );
}
