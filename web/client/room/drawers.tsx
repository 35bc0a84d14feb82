// A participant's four drawers: write, sign, my view, leave.

import { useEffect } from "preact/hooks";
import { leave, setPictures, withdraw } from "../acts";
import { may, messages, ui, view } from "../store";
import { send } from "../transport";
import type { Signal, View } from "../wire";
import { Drawer } from "./Drawer";
import { show, shownTo, type Shown } from "./mine";
import { Thread } from "./Thread";
import { words } from "./words";

export function OpenDrawer() {
  const now = view.value;
  if (now === null) return null;
  switch (ui.drawer.value) {
    case "write":
      return <Write />;
    case "sign":
      return <Sign view={now} />;
    case "view":
      return <MyView view={now} />;
    case "leave":
      return <Leave />;
    default:
      return null;
  }
}

function Write() {
  const all = messages.value;
  useEffect(() => {
    ui.read.value = all.filter((message) => !message.mine).length;
  }, [all]);
  return (
    <Drawer title={words.writeTitle}>
      <Thread
        messages={all}
        to={null}
        allowed={may("send_message")}
        label={words.writeTitle}
        note={words.writeNote}
      />
    </Drawer>
  );
}

const signs = Object.keys(words.signs) as readonly Signal[];

function Sign({ view: { me } }: { view: View }) {
  return (
    <Drawer title={words.signTitle}>
      <p class="soft">{words.signNote}</p>
      {me.signal !== null && (
        <div class="note shown">
          <p>
            <b>{words.signShown(words.signs[me.signal][0])}</b>
            <br />
            {words.signSeen}
          </p>
          <button type="button" class="small" onClick={() => send("clear_signal", { person: me.id })}>
            {words.signBack}
          </button>
        </div>
      )}
      <ul class="answers">
        {signs.map((sign) => (
          <li key={sign}>
            <button
              type="button"
              class="answer"
              aria-pressed={me.signal === sign}
              disabled={!may("send_signal")}
              onClick={() => send("send_signal", { signal: sign })}
            >
              <b>{words.signs[sign][0]}</b>
              <small>{words.signs[sign][1]}</small>
            </button>
          </li>
        ))}
      </ul>
    </Drawer>
  );
}

const ways = Object.keys(words.shown) as readonly Shown[];

function MyView({ view: now }: { view: View }) {
  const others = ui.pictures.value ? now.here.filter((seat) => !seat.me) : [];
  return (
    <Drawer title={words.viewTitle}>
      <VoicesOnly />
      <p class="soft">{words.viewNote}</p>
      <ShowMyself />
      {others.length > 0 && <h3>{words.pictures}</h3>}
      <ul class="rows">
        {others.map((seat) => (
          <li class="row" key={seat.id}>
            <b class="grow">{seat.label}</b>
            <fieldset class="segments">
              <legend class="unseen">{words.pictureOf(seat.label)}</legend>
              {ways.map((way) => (
                <label key={way}>
                  <input
                    type="radio"
                    name={`picture-${seat.id}`}
                    checked={shownTo(seat.id) === way}
                    onChange={() => show(seat.id, way)}
                  />
                  <span>{words.shown[way]}</span>
                </label>
              ))}
            </fieldset>
          </li>
        ))}
      </ul>
      <Keys main />
    </Drawer>
  );
}

export function VoicesOnly() {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={!ui.pictures.value}
        onChange={(event) => setPictures(!event.currentTarget.checked)}
      />
      <span>
        {words.voicesOnly}
        <small class="soft">{words.voicesOnlyMore}</small>
      </span>
    </label>
  );
}

export function ShowMyself() {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={ui.selfView.value}
        onChange={(event) => (ui.selfView.value = event.currentTarget.checked)}
      />
      {words.showMyself}
    </label>
  );
}

/** The few keys there are; of no use, and not shown, where there is no keyboard. */
export function Keys({ main = false }: { main?: boolean }) {
  return (
    <section class="keys" aria-labelledby="keys-title">
      <h3 id="keys-title">{words.keys}</h3>
      <dl>
        {[...(main ? [words.keysMain] : []), ...words.keysAll].map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Leave() {
  const close = () => (ui.drawer.value = null);
  return (
    <Drawer title={words.leaveTitle}>
      <p class="soft">{words.leaveNote}</p>
      <ul class="answers">
        <li>
          <button type="button" class="answer" disabled={!may("leave")} onClick={leave}>
            <b>{words.leaveNow}</b>
            <small>{words.leaveNowMore}</small>
          </button>
        </li>
        <li>
          <button type="button" class="answer" disabled={!may("withdraw_consent")} onClick={withdraw}>
            <b>{words.withdraw}</b>
            <small>{words.withdrawMore}</small>
          </button>
        </li>
        <li>
          <button type="button" class="answer" onClick={close}>
            <b>{words.stay}</b>
            <small>{words.stayMore}</small>
          </button>
        </li>
      </ul>
    </Drawer>
  );
}
