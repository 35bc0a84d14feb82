// Lets the slots be heard.  Sound does not hang on any picture being on the screen: a tile may come and go, a voice not.

import { ui } from "../store";

const players = new Map<MediaStreamTrack, HTMLAudioElement>();

/** Plays exactly these streams' sound. */
export function play(streams: Iterable<MediaStream>): void {
  const wanted = new Set([...streams].flatMap((stream) => stream.getAudioTracks()));
  for (const [track, player] of players) {
    if (wanted.has(track)) continue;
    player.srcObject = null;
    players.delete(track);
  }
  for (const track of wanted) {
    if (players.has(track)) continue;
    const player = new Audio();
    player.srcObject = new MediaStream([track]);
    players.set(track, player);
    start(player);
  }
}

/** Called from a touch: a browser that held the sound back lets it out now. */
export function unblock(): void {
  ui.soundBlocked.value = false;
  resume();
}

/** Plays on what the system has stopped meanwhile, voices and pictures: for a call, or while nobody saw the page. */
export function resume(): void {
  for (const player of players.values()) if (player.paused) start(player);
  for (const video of document.querySelectorAll("video"))
    if (video.paused) video.play().catch(() => undefined);
}

function start(player: HTMLAudioElement): void {
  player.play().catch((error: unknown) => {
    if ((error as DOMException).name === "NotAllowedError") ui.soundBlocked.value = true;
  });
}
