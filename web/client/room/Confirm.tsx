// What cannot be taken back is asked first, and the question names what will happen.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { consoleWords } from "./consoleWords";

interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly run: () => Promise<unknown>;
}

const asked = signal<Question | null>(null);

export function ask(question: Question): void {
  asked.value = question;
}

export function Confirm() {
  const question = asked.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (question !== null && dialog.current?.open === false) dialog.current.showModal();
  }, [question]);
  if (question === null) return null;
  const close = () => {
    dialog.current?.close();
    asked.value = null;
  };
  const go = () => {
    close();
    void question.run();
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm-title" onClose={close}>
      <h2 id="confirm-title">{question.title}</h2>
      <p>{question.text}</p>
      <div class="pair">
        <button type="button" onClick={close} autofocus>
          {consoleWords.no}
        </button>
        <button type="button" class="pause" onClick={go}>
          {question.yes}
        </button>
      </div>
    </dialog>
  );
}
