// What one person and the facilitators write to each other (R15).  It lives in this page's memory and goes with it.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../store";
import { send } from "../transport";
import { words } from "./words";

interface ThreadProps {
  readonly messages: readonly Message[];
  /** null: to the facilitators. */
  readonly to: string | null;
  readonly allowed: boolean;
  readonly label: string;
  readonly note: string;
}

/** What was begun to be written to each person, and not sent yet. */
const drafts = new Map<string | null, string>();
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function Thread({ messages, to, allowed, label, note }: ThreadProps) {
  const [text, setText] = useState(drafts.get(to) ?? "");
  const [sending, setSending] = useState(false);
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [messages.length]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const words = text.trim();
    if (words === "" || sending) return;
    setSending(true);
    const ack = await send("send_message", { to, text: words });
    setSending(false);
    if (ack.ok) write("");
  };
  const write = (draft: string) => {
    drafts.set(to, draft);
    setText(draft);
  };

  return (
    <div class="thread">
      <p class="soft">{note}</p>
      <ol class="letters" tabIndex={0} aria-label={label}>
        {messages.length === 0 && <li class="nothing">{words.writeEmpty}</li>}
        {messages.map((message, index) => (
          <li
            key={message.id}
            class={message.mine ? "letter from-me" : "letter"}
            ref={index === messages.length - 1 ? end : null}
          >
            <p class="by">
              {message.mine ? words.youWrote : message.label} <small>{clock.format(message.at)}</small>
            </p>
            <p class="text">{message.text}</p>
          </li>
        ))}
      </ol>
      <form onSubmit={submit}>
        <label for="letter">{words.yourMessage}</label>
        <textarea
          id="letter"
          rows={2}
          maxLength={2000}
          value={text}
          disabled={!allowed}
          onInput={(event) => write(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={!allowed || sending || text.trim() === ""}>
          {words.send}
        </button>
      </form>
    </div>
  );
}
