// How loud I am, as nine bars; once it has heard somebody, it says so.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { before } from "./words";

const BARS = 9;
/** Root mean square of a quiet room stays below the first, of speech at arm's length above the second. */
const FLOOR_DB = -60;
const HEARD_DB = -42;
const LOOK_EVERY = 80;

export function Meter({ track }: { track: MediaStreamTrack }) {
  const level = useSignal(0);
  const heard = useSignal(false);
  useEffect(() => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    // a page that was loaded again may not look at sound before a touch
    const wake = () => void context.resume();
    wake();
    addEventListener("pointerdown", wake);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-9);
      level.value = Math.round(BARS * Math.min(1, Math.max(0, (decibels - FLOOR_DB) / -(FLOOR_DB + 12))));
      if (decibels > HEARD_DB) heard.value = true;
    }, LOOK_EVERY);
    return () => {
      clearInterval(timer);
      removeEventListener("pointerdown", wake);
      void context.close();
    };
  }, [track]);
  return (
    <>
      <div
        class="meter"
        role="meter"
        aria-label={before.level}
        aria-valuemin={0}
        aria-valuemax={BARS}
        aria-valuenow={level.value}
      >
        {Array.from({ length: BARS }, (_, bar) => (
          <i key={bar} class={bar < level.value ? "on" : ""} />
        ))}
      </div>
      <p class="soft" role="status">
        {heard.value && <b>{before.heard}</b>} {before.speak}
      </p>
    </>
  );
}
