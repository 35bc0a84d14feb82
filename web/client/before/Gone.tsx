// After: left, no longer taking part, not let in, ended, or here on another device.  What is, and what one can do.

import { comeBack } from "../acts";
import { openDrawer } from "../room/Drawer";
import { bye, invitation, may, ui, view } from "../store";
import { Frame, Title } from "./Frame";
import { before } from "./words";

type Why = keyof typeof before.gone;

function why(): Why {
  const reason = bye.value;
  if (reason !== null) return reason in before.gone ? (reason as Why) : "other";
  if (view.value?.phase === "ended") return "ended";
  const door = view.value?.me.door;
  if (door === "left" && view.value?.me.departure === "seen_off") return "seen_off";
  return door === "withdrawn" || door === "refused" || door === "removed" ? door : "left";
}

/** What one can do about it; for some there is nothing, and that is said too. */
function Ways({ reason }: { reason: Why }) {
  switch (reason) {
    case "left":
    case "other":
      return (
        <button type="button" class="primary" onClick={comeBack}>
          {before.comeBack}
        </button>
      );
    case "seen_off":
      return (
        <button type="button" onClick={comeBack}>
          {before.comeBack}
        </button>
      );
    case "elsewhere":
      return (
        <button type="button" class="primary" onClick={comeBack}>
          {before.useHere}
        </button>
      );
    case "withdrawn":
      return may("answer_door") ? (
        <button type="button" onClick={() => (ui.reconsider.value = true)}>
          {before.reconsider}
        </button>
      ) : null;
    case "refused":
    case "removed":
      return may("send_message") ? (
        <button type="button" onClick={() => openDrawer("write")}>
          {before.write}
        </button>
      ) : null;
    default:
      return null;
  }
}

export function Gone() {
  const reason = why();
  const [what, more] = before.gone[reason];
  return (
    <Frame name="at-gone" aside={invitation.value.title} actions={<Ways reason={reason} />}>
      <Title>{what}</Title>
      <p class="soft">{more}</p>
      <p class="soft">{before.closePage}</p>
    </Frame>
  );
}
