// The screens, the notices and what is read out.

import type { JSX } from "preact";
import { Connecting } from "./before/Connecting";
import { Devices } from "./before/Devices";
import { Early } from "./before/Early";
import { Gone } from "./before/Gone";
import { Holding } from "./before/Holding";
import { Question } from "./before/Question";
import { Welcome } from "./before/Welcome";
import { Announcer, Notices } from "./notices";
import { Room } from "./room/Room";
import { screen, type Screen } from "./screen";

const screens: Readonly<Record<Screen, () => JSX.Element | null>> = {
  connecting: Connecting,
  welcome: Welcome,
  devices: Devices,
  early: Early,
  question: Question,
  holding: Holding,
  room: Room,
  gone: Gone,
};

export function App() {
  const Now = screens[screen.value];
  return (
    <>
      <Now />
      <Notices />
      <Announcer />
    </>
  );
}
