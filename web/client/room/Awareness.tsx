// Always on the screen, always here, always in the same words: who can see and hear me, and what happens next.

import { link, view } from "../store";
import { failed, Trouble } from "../Trouble";
import { carried, waySays } from "../way";
import { whatNext, whoSeesAndHears } from "./sentences";
import { EyeIcon, NextIcon } from "./icons";
import { TapToHear } from "./TapToHear";
import { words } from "./words";

/** `next` replaces the sentence of a participant: facilitators are told the next safe step. */
export function Awareness({ next }: { next?: string }) {
  const now = view.value;
  if (now === null) return null;
  const up = link.value === "up";
  return (
    <section class="aware" aria-label={words.aware}>
      <p class="who">
        <EyeIcon />
        <span>
          {up
            ? whoSeesAndHears(now, carried.value)
            : failed.value === null
              ? words.lineDown
              : words.lineDownLong}
        </span>
      </p>
      <p class="next">
        <NextIcon />
        <span>
          <b>{words.next}</b> {up ? (next ?? whatNext(now)) : words.keepTrying}
        </span>
      </p>
      {up && waySays.value !== null && <p class="broken">{waySays.value}</p>}
      <Trouble />
      <TapToHear />
    </section>
  );
}
