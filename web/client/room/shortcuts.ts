// Few keys, each with Alt, so that none gets in the way of writing or of a screen reader's own.

import { useEffect } from "preact/hooks";
import { setMicrophone } from "../acts";
import { may, microphoneOn, view } from "../store";
import { send } from "../transport";
import { actsOf } from "./choices";

function onKey(event: KeyboardEvent): void {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
  const now = view.peek();
  if (now === null) return;
  switch (event.code) {
    case "KeyA":
      if (now.console === null) void actsOf(now)[0]?.run();
      break;
    case "KeyM":
      if (now.console !== null) void setMicrophone(!microphoneOn.peek());
      else
        void actsOf(now)
          .find((act) => act.id === "set_microphone")
          ?.run();
      break;
    case "KeyP":
      if (may("pause")) void send("pause");
      break;
    default:
      return;
  }
  event.preventDefault();
}

export function useShortcuts(): void {
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
