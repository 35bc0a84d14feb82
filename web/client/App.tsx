// The screens, the announcements and the notices.

import { useComputed } from "@preact/signals";
import { Announcer, Notices } from "./notices";
import { screenOf, type Screen } from "./screen";
import { bye, link, ui, view } from "./store";
import { Room } from "./room/Room";

export function App() {
  const screen = useComputed(() =>
    screenOf({
      view: view.value,
      link: link.value,
      bye: bye.value,
      step: ui.step.value,
      checked: ui.checked.value,
      reconsider: ui.reconsider.value,
    }),
  );
  return (
    <>
      <ScreenOf name={screen.value} />
      <Notices />
      <Announcer />
    </>
  );
}

function ScreenOf({ name }: { name: Screen }) {
  switch (name) {
    case "room":
      return <Room />;
    default:
      return <main>{name}</main>;
  }
}
