// In the meeting: a facilitator's console, or everybody else's room.

import { isFacilitator } from "../store";
import { useAnnouncements } from "./announcements";
import { FacilitatorRoom } from "./FacilitatorRoom";
import { Participant } from "./Participant";
import { useShortcuts } from "./shortcuts";

export function Room() {
  useAnnouncements();
  useShortcuts();
  return isFacilitator.value ? <FacilitatorRoom /> : <Participant />;
}
