// "Do you still want to take part today?": three answers of equal weight (R3).

import { ui, view } from "../store";
import { send } from "../transport";
import type { Willing } from "../wire";
import { Frame, Title } from "./Frame";
import { before } from "./words";

export function Question() {
  const given = view.value?.me.willing ?? "unasked";
  const answer = async (willing: Willing) => {
    const ack = await send("answer_door", { willing });
    if (ack.ok) ui.reconsider.value = false;
  };
  return (
    <Frame name="at-question" step={3} actions={<p class="soft after">{before.askAfter}</p>}>
      <Title>{before.ask}</Title>
      <p class="soft">{before.askMore}</p>
      <div class="answers">
        {(["yes", "not_sure", "no"] as const).map((willing) => (
          <button
            type="button"
            class="answer"
            key={willing}
            aria-pressed={given === "unasked" ? undefined : given === willing}
            onClick={() => void answer(willing)}
          >
            <b>{before.answers[willing][0]}</b>
            <small>{before.answers[willing][1]}</small>
          </button>
        ))}
      </div>
    </Frame>
  );
}
