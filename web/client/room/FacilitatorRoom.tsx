// The facilitators' console: one screen, with the circle, the next safe step and everything a hand may need.

import { setMicrophone } from "../acts";
import { now as clock } from "../beat";
import { link, unread, view } from "../store";
import { send } from "../transport";
import type { Console, Row, View } from "../wire";
import { Awareness } from "./Awareness";
import { Bar } from "./Bar";
import { Confirm } from "./Confirm";
import { askToEnd, Ends, Foot } from "./ConsoleFoot";
import { consoleWords as says } from "./consoleWords";
import { Keys, ShowMyself, VoicesOnly } from "./drawers";
import { DoorPanel } from "./DoorPanel";
import { ModePanel, QueuePanel, SharesPanel } from "./FloorPanel";
import { CircleIcon, NowIcon, PeopleIcon, WriteIcon } from "./icons";
import { LettersPanel } from "./LettersPanel";
import { LinesPanel } from "./LineHistory";
import { nextStep, type Step } from "./nextStep";
import { panel, showPanel, type PanelName } from "./panels";
import { PeoplePanel } from "./PeoplePanel";
import { SignsPanel } from "./SignsPanel";
import { Stage } from "./Stage";
import { lasted, words } from "./words";

const nextStepOf = (view: View, console: Console) =>
  nextStep(view, console, clock(), () => setMicrophone(true));

export function FacilitatorRoom() {
  const now = view.value;
  if (now?.console == null) return null;
  const { console } = now;
  return (
    <div class={`room console at-${panel.value}`}>
      <a class="skip" href="#console">
        {words.skip}
      </a>
      <Bar>
        <Phases view={now} />
      </Bar>
      <main class="scene">
        <Awareness next={nextStepOf(now, console).says} />
        <div class="space">
          <Circle view={now} console={console} />
        </div>
      </main>
      <Aside view={now} console={console} />
      <Tabs />
      <Foot view={now} />
      <Confirm />
    </div>
  );
}

function Phases({ view: { phase } }: { view: View }) {
  const at = says.steps.findIndex((step) => step.phases.includes(phase));
  const stopped = phase === "paused" || phase === "frozen";
  return (
    <ol class="phases" aria-label={says.phase}>
      {stopped ? (
        <li class="stopped" aria-current="step">
          {says[phase]}
        </li>
      ) : (
        says.steps.map((step, index) => (
          <li
            key={step.says}
            class={index < at ? "done" : index === at ? "on" : ""}
            aria-current={index === at ? "step" : undefined}
          >
            {step.says}
          </li>
        ))
      )}
    </ol>
  );
}

/** Doors behind which nobody sits any more: their chair is taken away. */
const gone: readonly Row["door"][] = ["refused", "removed", "left", "withdrawn"];

function Circle({ view: now, console }: { view: View; console: Console }) {
  const visited = now.here.filter((seat) => !seat.me);
  if (now.me.in_holding)
    return (
      <Stage view={now} label={words.withYou(visited.map((seat) => seat.label))}>
        <div class="turn">
          <h2>{words.withYou(visited.map((seat) => seat.label))}</h2>
          {now.may.includes("return_to_circle") && (
            <button type="button" class="return" onClick={() => send("return_to_circle")}>
              {says.returnToCircle}
            </button>
          )}
        </div>
      </Stage>
    );
  return (
    <Stage
      view={now}
      label={words.circle}
      chairs={console.people.filter((row) => !gone.includes(row.door))}
      emptyChair={(row) => chairSays(row, console)}
      asking={new Set(console.queue.map(({ person }) => person))}
    >
      <Turn view={now} console={console} />
    </Stage>
  );
}

function chairSays(row: Row, { people, not_ready }: Console): string {
  if (row.called_until !== null) return says.comesIn;
  if (row.visiting !== null)
    return says.withPerson(people.find((person) => person.id === row.visiting)?.label ?? "");
  if (row.door !== "admitted") return says.doors[row.door];
  if (row.ready) return says.isReady;
  return not_ready.includes(row.id) ? says.notReady : says.ownPlace;
}

function middleSays({ phase, mode }: View): string {
  if (phase === "scheduled") return says.closedDoors;
  if (phase === "doors_open") return says.arriving;
  if (phase === "closing") return words.closingMiddle;
  return words.modeSays[mode ?? "quiet"];
}

/** The middle of the circle: the mode, the holder, how long they have had the piece. */
function Turn({ view: now, console: { turn, people } }: { view: View; console: Console }) {
  const holder = people.find((row) => row.id === turn?.person);
  if (now.phase === "paused" || now.phase === "frozen")
    return (
      <div class="turn">
        <h2>{now.phase === "paused" ? words.pausedTitle : words.frozenTitle}</h2>
      </div>
    );
  if (turn === null || holder === undefined)
    return (
      <div class="turn">
        <h2>{middleSays(now)}</h2>
      </div>
    );
  const minutes = Math.floor((clock() - turn.since) / 60_000);
  return (
    <div class="turn">
      <h2>{turn.taken ? words.holds(holder.label) : words.laidBefore(holder.label)}</h2>
      <p>{turn.kept_until !== null ? says.keptTurn : says.heldFor(lasted(clock() - turn.since))}</p>
      <div class="beads" aria-hidden="true">
        {Array.from({ length: Math.min(minutes, 12) }, (_, minute) => (
          <i key={minute} />
        ))}
      </div>
      {now.may.includes("revoke_floor") && (
        <button type="button" class="small" onClick={() => send("revoke_floor")}>
          {says.takeBack}
        </button>
      )}
    </div>
  );
}

function Aside({ view: now, console }: { view: View; console: Console }) {
  const { people } = console;
  return (
    <aside class="side" id="console" aria-label={says.console}>
      {panel.value === "people" ? (
        <>
          <PeoplePanel people={people} mode={now.mode} />
          <section class="panel" aria-labelledby="view-title">
            <h2 id="view-title">{words.myView}</h2>
            <VoicesOnly />
            <ShowMyself />
            <Keys />
          </section>
        </>
      ) : panel.value === "letters" ? (
        <LettersPanel people={people} />
      ) : (
        <>
          <SignsPanel people={people} />
          <NextStep view={now} console={console} />
          <DoorPanel view={now} people={people} />
          <ModePanel view={now} />
          <QueuePanel view={now} console={console} />
          <LinesPanel people={people} />
          <SharesPanel people={people} />
          <Ends view={now} />
        </>
      )}
    </aside>
  );
}

function cutOffSays({ phase }: View): string {
  const live = phase === "under_way" || phase === "closing";
  return live ? `${says.nothingNow} ${says.circleWaits}` : says.nothingNow;
}

function NextStep({ view: now, console }: { view: View; console: Console }) {
  const up = link.value === "up";
  const step: Step = up ? nextStepOf(now, console) : { says: cutOffSays(now) };
  return (
    <section class="panel next-step" aria-labelledby="next-title">
      <h2 id="next-title">{says.nextStep}</h2>
      <p>{step.says}</p>
      {step.button !== undefined && (
        <button type="button" class="primary" onClick={step.button.run}>
          {step.button.says}
        </button>
      )}
      {step.other !== undefined && (
        <button type="button" class="quiet" onClick={step.other.run}>
          {step.other.says}
        </button>
      )}
      {up && now.next === "end" && now.may.includes("end_meeting") && (
        <button type="button" class="primary" onClick={() => askToEnd(console)}>
          {says.endYes}
        </button>
      )}
    </section>
  );
}

const tabs = [
  ["circle", CircleIcon],
  ["now", NowIcon],
  ["people", PeopleIcon],
  ["letters", WriteIcon],
] as const satisfies readonly (readonly [PanelName, unknown])[];

function Tabs() {
  return (
    <nav class="tabs" aria-label={says.show}>
      {tabs.map(([name, Icon]) => (
        <button
          type="button"
          key={name}
          class={`tab-${name}`}
          aria-current={panel.value === name ? "true" : undefined}
          onClick={() => showPanel(name)}
        >
          <Icon />
          <span>{says.tabs[name]}</span>
          {name === "letters" && unread.value > 0 && <span class="count">{words.fresh(unread.value)}</span>}
        </button>
      ))}
    </nav>
  );
}
