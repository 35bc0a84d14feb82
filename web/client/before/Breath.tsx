// A circle to breathe with.  It stands still for whoever asked for less motion.

import { before } from "./words";

export function Breath() {
  return (
    <p class="breath" aria-hidden="true">
      {before.breathe.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </p>
  );
}
