// Starts the room's page: reads what the server wrote into it, opens the line, and shows the screen that fits.

import { render } from "preact";
import { App } from "./App";
import { closeWhenGone, keepCheck, resumeCheck, tellOfDevices, watchEscape } from "./acts";
import { startMedia } from "./media/live";
import { invitation } from "./store";
import { connect } from "./transport";
import { tellOfTheWay, watchWaking } from "./way";

const root = document.getElementById("room");
if (root === null) throw new Error("this page has no #room");

const told = root.dataset;
invitation.value = {
  person: told["person"] ?? "",
  title: told["title"] ?? "",
  starts: told["starts"] ?? "",
  inviter: told["inviter"] ?? "",
  exit: told["exit"] ?? "",
};

resumeCheck();
keepCheck();
startMedia();
watchEscape();
closeWhenGone();
tellOfDevices();
tellOfTheWay();
watchWaking();
render(<App />, root);
connect(invitation.value.person);
