import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  bye,
  clockOffset,
  lines,
  link,
  messages,
  view,
} from "../../web/client/store";
import {
  answers,
  connect,
  disconnect,
  reconnect,
  renew,
  send,
} from "../../web/client/transport";
import { FakeServer } from "./line";
import { viewOf } from "./samples";

const server = new FakeServer();

/** Resolves when a signal has the value. */
function becomes<T>(
  of: { subscribe(listen: (value: T) => void): () => void },
  wanted: (value: T) => boolean,
) {
  return new Promise<void>((resolve) => {
    const stop = of.subscribe((value) => {
      if (wanted(value)) queueMicrotask(() => (stop(), resolve()));
    });
  });
}

before(async () => {
  const address = await server.start();
  server.onHeard = ({ event, ack }) =>
    event === "received" && ack({ ok: true, rev: 1 });
  connect("june", address);
  await becomes(link, (now) => now === "up");
});

after(() => {
  disconnect();
  server.stop();
});

test("a view is taken only if it is newer on this connection, and numbers start anew with the next", async () => {
  const told = async (rev: number, label: string) => {
    server.emit("view", { rev, now: Date.now(), view: viewOf({ label }) });
    // messages keep their order: when this one is here, so was the view
    const id = crypto.randomUUID();
    server.emit("message", {
      id,
      from: "ruth",
      label: "Ruth",
      to: null,
      text: "",
      at: 0,
      mine: false,
    });
    await becomes(messages, (all) => all.some((message) => message.id === id));
    return view.peek()?.me.label;
  };
  assert.equal(await told(2, "newer"), "newer");
  assert.equal(await told(1, "older"), "newer");
  server.cut();
  await becomes(link, (now) => now === "down");
  await becomes(link, (now) => now === "up");
  assert.equal(await told(1, "after the cut"), "after the cut");
});

test("what is told of lines goes on from what was told before, or takes the place of everything", async () => {
  const good = { since: 0, line: "good", pictures: "all" };
  const poor = { since: 1, line: "poor", pictures: "all" };
  const told = async (whole: boolean, people: Record<string, unknown>) => {
    const before = lines.peek();
    server.emit("lines", { whole, people });
    await becomes(lines, (now) => now !== before);
    return lines.peek();
  };
  assert.deepEqual(await told(true, { june: [good], dan: [good] }), {
    june: [good],
    dan: [good],
  });
  assert.deepEqual(await told(false, { june: [poor], amira: [good] }), {
    june: [good, poor],
    dan: [good],
    amira: [good],
  });
  for (let since = 2; since < 200; since++)
    await told(false, { june: [{ ...poor, since }] });
  assert.equal(lines.peek()["june"]?.length, 100);
  assert.equal(lines.peek()["june"]?.at(-1)?.since, 199);
  assert.deepEqual(await told(true, { amira: [poor] }), { amira: [poor] });
});

test("a command whose answer was lost with the line goes out once more, with the same id", async () => {
  const commands: Record<string, unknown>[] = [];
  server.onHeard = ({ event, body, ack, cut }) => {
    if (event !== "command") return;
    commands.push(body);
    if (commands.length === 1) cut();
    else ack({ ok: true, rev: 7 });
  };
  assert.deepEqual(await send("set_ready", { ready: true }), {
    ok: true,
    rev: 7,
  });
  assert.equal(commands.length, 2);
  assert.equal(commands[0]?.["id"], commands[1]?.["id"]);
  assert.deepEqual(
    [commands[1]?.["type"], commands[1]?.["ready"]],
    ["set_ready", true],
  );
});

test("a command is sent twice at the most", async () => {
  let times = 0;
  server.onHeard = ({ event, cut }) => {
    if (event !== "command") return;
    times++;
    cut();
  };
  const ack = await send("pause", {}, { quietly: true });
  assert.equal(ack.ok ? "" : ack.code, "no_answer");
  assert.equal(times, 2);
  await becomes(link, (now) => now === "up");
});

test("a command given while the line is down waits for it", async () => {
  server.onHeard = ({ event, ack }) =>
    event === "command" && ack({ ok: true, rev: 1 });
  server.cut();
  await becomes(link, (now) => now === "down");
  assert.equal((await send("pause")).ok, true);
});

test("a refusal comes back as the server gave it", async () => {
  const refusal = {
    ok: false,
    kind: "refused",
    code: "floor_taken",
    detail: {},
    say: "June is speaking.",
  };
  server.onHeard = ({ event, ack }) => event === "command" && ack(refusal);
  assert.deepEqual(await send("take_piece", {}, { quietly: true }), refusal);
});

test("a message is kept once, and its arrival is told each time", async () => {
  const heard: unknown[] = [];
  server.onHeard = ({ event, body }) => {
    if (event === "received") heard.push(body["id"]);
  };
  const letter = {
    id: "m1",
    from: "ruth",
    label: "Ruth",
    to: "june",
    text: "hello",
    at: 1,
    mine: false,
  };
  server.emit("message", letter);
  server.emit("message", letter);
  await server.until(() => heard.length === 2);
  assert.equal(
    messages.peek().filter((message) => message.id === "m1").length,
    1,
  );
});

test("the server's clock is taken from the quickest message of a connection", async () => {
  const tell = async (rev: number, ahead: number) => {
    server.emit("view", {
      rev,
      now: Date.now() + ahead,
      view: viewOf({ label: `rev ${rev}` }),
    });
    await becomes(view, (now) => now?.me.label === `rev ${rev}`);
  };
  await tell(101, 60_000);
  await tell(102, 55_000);
  assert.ok(Math.abs(clockOffset.peek() - 60_000) < 500);
});

test("after a goodbye the page does not come back by itself, and does when the person wants it", async () => {
  const connections = server.connections;
  server.emit("bye", { reason: "elsewhere" });
  await becomes(bye, (reason) => reason === "elsewhere");
  assert.equal(link.peek(), "gone");
  assert.equal((await send("pause", {}, { quietly: true })).ok, false);
  assert.equal(server.connections, connections);
  reconnect();
  await becomes(link, (now) => now === "up");
  assert.equal(bye.peek(), null);
  assert.equal(server.connections, connections + 1);
});

test("a line that does not answer is given up for another at once", async () => {
  server.onHeard = ({ event, ack }) => event === "there" && ack({ ok: true });
  assert.equal(await answers(1000), true);
  server.onHeard = () => {};
  assert.equal(await answers(30), false);
  const before = server.connections;
  renew();
  assert.equal(link.peek(), "down");
  await becomes(link, (now) => now === "up");
  assert.equal(server.connections, before + 1);
});
