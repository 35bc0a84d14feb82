// Ready before the doors are open: nothing to do but wait, alone.

import { openDrawer } from "../room/Drawer";
import { invitation, may } from "../store";
import { Breath } from "./Breath";
import { Frame, Title } from "./Frame";
import { shortAppointment } from "./Welcome";
import { before } from "./words";

export function Early() {
  return (
    <Frame
      name="at-holding"
      aside={shortAppointment(invitation.value.starts)}
      actions={
        may("send_message") ? (
          <button type="button" onClick={() => openDrawer("write")}>
            {before.write}
          </button>
        ) : undefined
      }
    >
      <Breath />
      <Title>{before.early}</Title>
      <p class="soft">{before.earlyMore}</p>
      <p class="before-who">{before.earlyWho}</p>
    </Frame>
  );
}
