// Which of the things that the server would accept stand first: presence comes from `view.may`, order from where I am.

import { setMicrophone } from "../acts";
import { microphoneOn } from "../store";
import { send } from "../transport";
import type { View } from "../wire";
import { words } from "./words";

/** One button: its words and what it does. */
export interface Act {
  readonly id: string;
  readonly says: string;
  readonly run: () => Promise<unknown>;
}

const acts = {
  takePiece: { id: "take_piece", says: words.takePiece, run: () => send("take_piece") },
  passPiece: { id: "pass_piece", says: words.passOn, run: () => send("pass_piece") },
  comeBack: { id: "come_back_to_me", says: words.comeBack, run: () => send("come_back_to_me") },
  release: { id: "release_floor", says: words.finished, run: () => send("release_floor") },
  request: { id: "request_floor", says: words.askToSpeak, run: () => send("request_floor") },
  cancel: { id: "cancel_request", says: words.takeBack, run: () => send("cancel_request") },
  microphoneOn: {
    id: "set_microphone",
    says: words.turnMicrophoneOn,
    run: () => setMicrophone(true),
  },
  microphoneOff: {
    id: "set_microphone",
    says: words.turnMicrophoneOff,
    run: () => setMicrophone(false),
  },
} satisfies Record<string, Act>;

/** My buttons, the main one first; without any I can only listen. */
export function actsOf(view: View): readonly Act[] {
  const { may_speak, floor } = view.me;
  const microphone = microphoneOn.value;
  const toggle = microphone ? acts.microphoneOff : acts.microphoneOn;
  const wished: readonly Act[] =
    floor === "offered"
      ? [acts.takePiece, acts.passPiece, acts.comeBack]
      : floor === "granted"
        ? microphone
          ? [acts.passPiece, acts.release, toggle]
          : [toggle, acts.passPiece, acts.release]
        : floor === "accepted"
          ? [acts.cancel, ...(may_speak || microphone ? [toggle] : [])]
          : may_speak
            ? [toggle, acts.request]
            : [acts.request, ...(microphone ? [toggle] : [])];
  return wished.filter((act) => view.may.includes(act.id));
}
