// Some browsers let no sound out before a touch: then this asks for one, calmly.

import { unblock } from "../media/sound";
import { ui } from "../store";
import { words } from "./words";

export function TapToHear() {
  if (!ui.soundBlocked.value) return null;
  const start = () => {
    unblock();
    // pictures were held back by the same rule
    for (const picture of document.querySelectorAll<HTMLVideoElement>("video.picture"))
      picture.play().catch(() => undefined);
  };
  return (
    <div class="tap">
      <p>{words.soundOff}</p>
      <button type="button" class="primary" onClick={start}>
        {words.tapToHear}
      </button>
    </div>
  );
}
