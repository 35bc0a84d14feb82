// One person's picture, or their initial where there is none.  A picture never carries sound: see media/sound.ts.

import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { paused, resting } from "../media/session";
import { media, ui } from "../store";
import type { Seated } from "../wire";
import { shownTo } from "./mine";
import { words } from "./words";

/** The first letter of a label; a label may begin with anything, an emoji too. */
function initial(label: string): string {
  return [...label.trim()][0]?.toLocaleUpperCase() ?? "";
}

/** Shows a stream without its sound.  `own` is mirrored, as people know themselves. */
export function Picture({ stream, own = false, blurred = false }: PictureProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (video === null) return;
    // set by hand: the attribute alone does not mute an element that was made by script
    video.muted = true;
    if (video.srcObject !== stream) video.srcObject = stream;
    // a picture that may not start by itself starts with the next touch; the seat shows its initial meanwhile
    video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [stream]);
  return (
    <video
      ref={element}
      class={`picture${own ? " own" : ""}${blurred ? " blurred" : ""}`}
      autoplay
      muted
      playsInline
      aria-hidden="true"
      tabIndex={-1}
    />
  );
}

interface PictureProps {
  readonly stream: MediaStream;
  readonly own?: boolean;
  readonly blurred?: boolean;
}

/** The stream whose picture is to be shown for a seat, if any: mine only when I want to see myself. */
function streamFor(seat: Seated): MediaStream | null {
  const { own, streams } = media.value;
  if (!seat.camera || seat.away) return null;
  if (seat.me) return ui.selfView.value ? own : null;
  // a picture that has stopped coming must not stay: it would be taken for the person as they are now
  if (!ui.pictures.value || shownTo(seat.id) === "hidden") return null;
  if (paused.value.has(seat.id) || resting.value.has(seat.id)) return null;
  return streams.get(seat.id) ?? null;
}

/** A seat's picture with what is written on it (`children`). */
export function Tile({ seat, children }: { seat: Seated; children?: ComponentChildren }) {
  const stream = streamFor(seat);
  return (
    <div class={`tile${stream === null ? "" : " lit"}${seat.camera && !seat.away ? "" : " dim"}`}>
      {!seat.away && (
        <span class="initial" aria-hidden="true">
          {initial(seat.label)}
        </span>
      )}
      {stream !== null && (
        <Picture stream={stream} own={seat.me} blurred={!seat.me && shownTo(seat.id) === "blurred"} />
      )}
      {seat.away && (
        <p class="dropped">
          {words.lineDropped} <span>{words.placeKept}</span>
        </p>
      )}
      {children}
    </div>
  );
}
