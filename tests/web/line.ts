// A server that speaks just enough of Engine.IO 4 and Socket.IO 5 over real websockets to be dropped, slow or silent on
// purpose; the tests of the real server are elsewhere.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

export interface Heard {
  readonly event: string;
  readonly body: Record<string, unknown>;
  /** Answers the browser. */
  readonly ack: (answer: unknown) => void;
  /** Cuts the line on which this came. */
  readonly cut: () => void;
}

export class FakeServer {
  readonly heard: Heard[] = [];
  connections = 0;
  onHeard: (heard: Heard) => void = () => {};
  #http: Server = createServer();
  #line: WebSocket | null = null;
  #waiting: (() => void)[] = [];

  async start(): Promise<string> {
    const sockets = new WebSocketServer({ server: this.#http, path: "/live/" });
    sockets.on("connection", (line) => this.#take(line));
    await new Promise<void>((resolve) =>
      this.#http.listen(0, "127.0.0.1", resolve),
    );
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#line?.terminate();
    this.#http.close();
  }

  emit(event: string, body: unknown): void {
    this.#line?.send(`42${JSON.stringify([event, body])}`);
  }

  cut(): void {
    this.#line?.terminate();
  }

  /** Waits until `condition` holds, looking after everything that comes in. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #take(line: WebSocket): void {
    this.#line = line;
    line.send(
      `0${JSON.stringify({ sid: "e", upgrades: [], pingInterval: 5000, pingTimeout: 5000, maxPayload: 64000 })}`,
    );
    line.on("message", (data) => {
      const text = String(data);
      if (text.startsWith("40")) {
        this.connections++;
        line.send(`40${JSON.stringify({ sid: `s${this.connections}` })}`);
      } else if (text.startsWith("42")) this.#hear(line, text.slice(2));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  #hear(line: WebSocket, text: string): void {
    const id = /^\d*/.exec(text)?.[0] ?? "";
    const [event, body] = JSON.parse(text.slice(id.length)) as [
      string,
      Record<string, unknown>,
    ];
    const heard: Heard = {
      event,
      body,
      ack: (answer) => line.send(`43${id}${JSON.stringify([answer])}`),
      cut: () => line.terminate(),
    };
    this.heard.push(heard);
    this.onHeard(heard);
    if (event === "received") heard.ack({ ok: true, rev: 1 });
  }
}
