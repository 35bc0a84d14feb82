// On or off, seen at a glance and said by the role: not a button whose words change under the hand.

import type { JSX } from "preact";

interface SwitchProps {
  readonly on: boolean;
  readonly says: string;
  readonly set: (on: boolean) => unknown;
  readonly icon: JSX.Element;
  readonly disabled?: boolean;
  readonly keys?: string;
}

export function Switch({ on, says, set, icon, disabled = false, keys }: SwitchProps) {
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={on}
      aria-keyshortcuts={keys}
      disabled={disabled}
      onClick={() => set(!on)}
    >
      {icon}
      <span>{says}</span>
      <i aria-hidden="true" />
    </button>
  );
}
