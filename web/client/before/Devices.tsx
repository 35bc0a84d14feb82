// The device check: my own picture, my own voice, a sound; and for each thing that does not work, what to do.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { finishCheck, setPictures } from "../acts";
import { microphoneTrack } from "../media/live";
import { playSoftTone } from "../media/tone";
import { announce } from "../notices";
import { openDrawer } from "../room/Drawer";
import { Picture } from "../room/Tile";
import { isFacilitator, may, media, ui, type Choice, type DeviceState } from "../store";
import { Frame, Title } from "./Frame";
import { Meter } from "./Meter";
import { before } from "./words";

export function Devices() {
  const helping = useSignal(false);
  const { camera, microphone } = media.value;
  const wantsCamera = ui.camera.value;
  const both = wantsCamera && camera === microphone ? BOTH[camera] : undefined;
  return (
    <Frame
      name="at-devices"
      step={2}
      actions={
        <>
          <button type="button" class="primary" onClick={finishCheck}>
            {goOn(camera, microphone, wantsCamera)}
          </button>
          <button
            type="button"
            class="quiet"
            aria-expanded={helping.value}
            onClick={() => (helping.value = !helping.value)}
          >
            {before.wrong}
          </button>
        </>
      }
    >
      <Title>{wantsCamera ? before.check : before.checkVoice}</Title>
      <div class="before-look">
        <SelfPicture />
        {wantsCamera && <Trouble says={both ?? troubleOf("camera", camera)} />}
        {wantsCamera && <Choose name={before.camera} choices={ui.cameras.value} chosen={ui.cameraId} />}
      </div>
      <div class="before-hear">
        <Voice />
        {both === undefined && <Trouble says={troubleOf("microphone", microphone)} />}
        <Sound />
        <div class="opt">
          <span id="unseen">{before.unseen}</span>
          <button
            type="button"
            class="small"
            aria-describedby="unseen"
            onClick={() => (ui.camera.value = !ui.camera.value)}
          >
            {wantsCamera ? before.cameraOff : before.cameraOn}
          </button>
        </div>
        <div class="opt">
          <span id="voice-only">
            {before.voiceOnly}
            <small role="status">{ui.pictures.value ? "" : before.voicesOnly}</small>
          </span>
          <button
            type="button"
            class="small"
            aria-describedby="voice-only"
            onClick={() => setPictures(!ui.pictures.value)}
          >
            {ui.pictures.value ? before.leaveOut : before.bringBack}
          </button>
        </div>
        <Choose name={before.microphone} choices={ui.microphones.value} chosen={ui.microphoneId} />
        {helping.value && <Help />}
      </div>
    </Frame>
  );
}

function goOn(camera: DeviceState, microphone: DeviceState, wantsCamera: boolean): string {
  if (microphone === "on") return camera === "on" || !wantsCamera ? before.works : before.goOnByVoice;
  return camera === "on" ? before.goOnWithout : before.goOnListening;
}

function SelfPicture() {
  const { own, camera } = media.value;
  if (own !== null)
    return (
      <div class="cam">
        <Picture stream={own} own />
        <span class="cam-says">{before.onlyYou}</span>
      </div>
    );
  const says = !ui.camera.value ? before.byVoice : camera === "off" ? before.asking : before.noPicture;
  return (
    <div class="cam empty">
      <p>{says}</p>
    </div>
  );
}

function Voice() {
  const track = microphoneTrack();
  return track === null ? null : <Meter key={track.id} track={track} />;
}

function Sound() {
  const playing = useSignal(false);
  const played = useSignal(false);
  const play = async () => {
    if (playing.peek()) return;
    playing.value = true;
    await playSoftTone().catch(() => undefined);
    playing.value = false;
    played.value = true;
  };
  return (
    <div class="opt">
      <span id="play-sound">
        {before.play}
        <small role="status">{played.value ? before.played : ""}</small>
      </span>
      <button type="button" class="small" aria-describedby="play-sound" onClick={() => void play()}>
        {before.listen}
      </button>
    </div>
  );
}

type Says = readonly [what: string, then: string];

/** What is the matter with both is said once. */
const BOTH: Readonly<Partial<Record<DeviceState, Says>>> = {
  denied: before.bothDenied,
  missing: before.bothMissing,
};

function troubleOf(device: "camera" | "microphone", state: DeviceState): Says | null {
  return state === "on" || state === "off" ? null : before.troubles[device][state];
}

/** What does not work, and what to do. */
function Trouble({ says }: { says: Says | null }) {
  useEffect(() => {
    if (says !== null) announce(says.join(" "));
  }, [says]);
  if (says === null) return null;
  return (
    <div class="note trouble">
      <p>
        <b>{says[0]}</b> {says[1]}
      </p>
      <button type="button" class="small" onClick={() => ui.deviceTry.value++}>
        {before.tryAgain}
      </button>
    </div>
  );
}

/** Only where there is a choice. */
function Choose({
  name,
  choices,
  chosen,
}: {
  name: string;
  choices: readonly Choice[];
  chosen: { value: string };
}) {
  if (choices.length < 2) return null;
  return (
    <label class="choose">
      {name}
      <select value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
        {chosen.value === "" && <option value="">{choices[0]?.label}</option>}
        {choices
          .filter((_, index) => chosen.value !== "" || index > 0)
          .map((choice) => (
            <option key={choice.id} value={choice.id}>
              {choice.label}
            </option>
          ))}
      </select>
    </label>
  );
}

function Help() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div class="note help" ref={element}>
      <b>{before.helpTitle}</b>
      <ul>
        {before.help.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {may("send_message") && !isFacilitator.value && (
        <button type="button" class="small" onClick={() => openDrawer("write")}>
          {before.write}
        </button>
      )}
    </div>
  );
}
