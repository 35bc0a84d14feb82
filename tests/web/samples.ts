// Views as the server makes them, for tests that need one.

import type { Me, View } from "../../web/client/wire";

export const person: Me = {
  id: "june",
  label: "June",
  role: "victim",
  door: "arriving",
  willing: "unasked",
  in_circle: false,
  in_holding: false,
  called_until: null,
  not_yet: false,
  departure: null,
  ready: false,
  microphone: false,
  camera: false,
  may_speak: false,
  signal: null,
  line: "good",
  floor: "none",
  queue_position: null,
};

export function viewOf(me: Partial<Me>, rest: Partial<View> = {}): View {
  return {
    phase: "doors_open",
    mode: null,
    me: { ...person, ...me },
    here: [],
    holder: null,
    next: "check_in",
    may: [],
    console: null,
    ...rest,
  };
}
