// The line is not open yet.  Nothing appears for the first moment, so that a quick line shows nothing at all.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Frame } from "./Frame";
import { before } from "./words";

const SOON = 700;
const SLOW = 8000;

export function Connecting() {
  const says = useSignal("");
  useEffect(() => {
    const soon = setTimeout(() => (says.value = before.connecting), SOON);
    const slow = setTimeout(() => (says.value = before.slow), SLOW);
    return () => {
      clearTimeout(soon);
      clearTimeout(slow);
    };
  }, []);
  return (
    <Frame name="at-connecting">
      <p class="soft" role="status">
        {says.value}
      </p>
    </Frame>
  );
}
