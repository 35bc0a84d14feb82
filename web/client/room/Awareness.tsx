// Always on the screen, always here, always in the same words: who can see and hear me, and what happens next.

import { paused } from "../media/session";
import { link, media, view } from "../store";
import { Trouble } from "../Trouble";
import { whatNext, whoSeesAndHears } from "./sentences";
import { EyeIcon, NextIcon } from "./icons";
import { TapToHear } from "./TapToHear";
import { words } from "./words";

/** `next` replaces the sentence of a participant: facilitators are told the next safe step. */
export function Awareness({ next }: { next?: string }) {
  const now = view.value;
  if (now === null) return null;
  return (
    <section class="aware" aria-label={words.aware}>
      <p class="who">
        <EyeIcon />
        <span>{link.value === "up" ? whoSeesAndHears(now) : words.lineDown}</span>
      </p>
      <p class="next">
        <NextIcon />
        <span>
          <b>{words.next}</b> {next ?? whatNext(now)}
        </span>
      </p>
      {link.value === "up" && media.value.state === "down" && media.value.trouble === null && (
        <p class="broken">{words.mediaDown}</p>
      )}
      <Trouble />
      {media.value.state === "up" && (paused.value.size > 0 || now.me.line === "poor") && (
        <p class="broken">{paused.value.size > 0 ? words.picturesPaused : words.lineWeak}</p>
      )}
      <TapToHear />
    </section>
  );
}
