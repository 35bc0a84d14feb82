// Runs in every page of the end-to-end tests before the page's own scripts.  It replaces the devices by one tone and one
// colour for each person, and keeps hold of every connection, so that a test can ask what really arrives: the tones in
// the sound that was received (whether or not the page plays it), the tones that the page plays, the colours that are
// seen, and the longest time without a new picture.
//
// browser.py sets `window.instruments` before this: `person` = {hz, colour: "#rrggbb", camera: bool, microphone: bool,
// detail: bool} and `palette` = everybody's name -> [r, g, b].

(() => {
  if (!navigator.mediaDevices) return; // the blank page that a quick exit leads to
  const { person, palette } = window.instruments;
  const RATE = 12_000; // Hz: a quarter of what a browser plays costs a page a fifth, and every tone is far below 6 kHz
  const WINDOW = 2048; // samples, 170 ms; so a bin is 6 Hz wide
  const EAR = { fftSize: WINDOW, smoothingTimeConstant: 0, minDecibels: -120 };
  const PEAK = -50; // dB: a tone of 0.2 arrives at about -20, silence at -100 and lower
  const connections = new Set();
  const watched = new Map(); // video track -> {video, last: ms of its newest frame}
  const sources = new Map(); // audio track -> {node, keep, played}; ids are the same again in a new connection

  // ---- what the person sends ---------------------------------------------------------------------------------------

  let voice = null;
  let breath = null; // lets the tone through, or silence
  function tone() {
    voice ??= new AudioContext();
    void voice.resume();
    const oscillator = new OscillatorNode(voice, { frequency: person.hz });
    const level = new GainNode(voice, { gain: 0.2 });
    // it swells three times a second, as speech does: Opus protects (RFC 6716 2.1.7) only what it takes for speech
    const swell = new OscillatorNode(voice, { frequency: 3 });
    const out = voice.createMediaStreamDestination();
    swell.connect(new GainNode(voice, { gain: 0.17 })).connect(level.gain);
    swell.start();
    breath = new GainNode(voice);
    oscillator.connect(level).connect(breath).connect(out);
    oscillator.start();
    return out.stream.getAudioTracks()[0];
  }

  function picture() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const pen = canvas.getContext("2d");
    let beat = 0;
    const draw = () => {
      pen.fillStyle = person.colour;
      pen.fillRect(0, 0, 320, 240);
      for (let i = person.detail ? 150 : 0; i > 0; i--) {
        pen.fillStyle = i % 2 ? "#00000026" : "#ffffff26";
        pen.fillRect(Math.random() * 320, Math.random() * 240, 12, 12);
      }
      pen.fillStyle = "#ffffff"; // a small clock hand, so that every frame differs from the last
      pen.fillRect((beat++ * 8) % 320, 0, 8, 8);
    };
    draw();
    const [track] = canvas.captureStream().getVideoTracks();
    const timer = setInterval(() => (track.readyState === "live" ? draw() : clearInterval(timer)), 100);
    return track;
  }
  const refuse = (name) => Promise.reject(new DOMException("no such device", name));
  const fates = {}; // "camera" or "microphone" -> the name of the error that asking for it gives
  const given = { camera: new Set(), microphone: new Set() };
  const give = (kind, track) => (given[kind].add(track), track);
  const device = (kind) => ({ kind, deviceId: `the-${kind}`, groupId: "", label: `The ${kind}`, toJSON: () => ({}) });
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.audio && fates.microphone) return refuse(fates.microphone);
    if (wanted.video && fates.camera) return refuse(fates.camera);
    if (wanted.audio && !person.microphone) return refuse("NotFoundError");
    if (wanted.video && !person.camera) return refuse("NotFoundError");
    return new MediaStream([
      ...(wanted.audio ? [give("microphone", tone())] : []),
      ...(wanted.video ? [give("camera", picture())] : []),
    ]);
  };
  navigator.mediaDevices.enumerateDevices = async () => [
    ...(person.microphone ? [device("audioinput")] : []),
    ...(person.camera ? [device("videoinput")] : []),
    device("audiooutput"),
  ];

  // ---- what arrives ------------------------------------------------------------------------------------------------

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...settings) {
      super(...settings);
      connections.add(this);
    }
    close() {
      connections.delete(this);
      super.close();
    }
  };

  function received(kind) {
    return [...connections]
      .filter((connection) => connection.connectionState !== "closed")
      .flatMap((connection) => connection.getReceivers().map((receiver) => receiver.track))
      .filter((track) => track.kind === kind && track.readyState === "live");
  }

  const players = new Set(); // every element that was ever told to play, in the document or not
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    players.add(this);
    return play.call(this);
  };

  let deaf = false;
  let ear = null; // {context, all, played}: two mixes and an analyser on each
  function listen() {
    if (ear === null) {
      const context = new AudioContext({ sampleRate: RATE, latencyHint: 0.05 });
      ear = { context, all: new AnalyserNode(context, EAR), played: new AnalyserNode(context, EAR) };
    }
    void ear.context.resume();
    const live = new Set(deaf ? [] : received("audio"));
    for (const track of live) {
      if (sources.has(track)) continue;
      const stream = new MediaStream([track]);
      // Chromium gives a received track's sound to Web Audio only while some media element has the track
      const keep = Object.assign(new Audio(), { muted: true, srcObject: stream });
      void play.call(keep).catch(() => {});
      const node = ear.context.createMediaStreamSource(stream);
      const alone = new AnalyserNode(ear.context, EAR);
      node.connect(ear.all);
      node.connect(alone);
      sources.set(track, { node, keep, alone, played: false, hz: null });
    }
    for (const [track, { node, keep }] of sources) {
      if (live.has(track)) continue;
      node.disconnect();
      keep.srcObject = null;
      sources.delete(track);
    }
    const audible = new Set();
    for (const element of new Set([...players, ...document.querySelectorAll("audio, video")]))
      if (element.srcObject instanceof MediaStream && !element.muted && !element.paused && element.volume > 0)
        for (const track of element.srcObject.getAudioTracks()) if (track.enabled) audible.add(track);
    for (const [track, source] of sources) {
      if (audible.has(track) === source.played) continue;
      source.played = audible.has(track);
      if (source.played) source.node.connect(ear.played);
      else source.node.disconnect(ear.played);
    }
  }

  /** Hz; `below` the loudest of them by so many dB at most. */
  function peaks(analyser, below = Infinity) {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const width = RATE / WINDOW;
    const found = [];
    for (let i = 20; i < 700; i++) if (bins[i] > PEAK && bins[i] >= bins[i - 1] && bins[i] > bins[i + 1]) found.push(i);
    const least = Math.max(...found.map((i) => bins[i])) - below;
    return found.filter((i) => bins[i] >= least).map((i) => Math.round(i * width));
  }

  const lately = new Float32Array(WINDOW);
  /**
   * The tones that are received.  A voice that stutters, on a busy machine, has side tones, some of them where somebody
   * else's tone is; so of each track only what is about as loud as its loudest tone counts.
   */
  function heard() {
    const mixed = peaks(ear.all);
    if (mixed.length < 2) return mixed;
    return [...sources.values()].flatMap(({ alone }) => {
      alone.getFloatTimeDomainData(lately);
      return lately.some((sample) => Math.abs(sample) > 0.001) ? peaks(alone, 6) : [];
    });
  }

  const one = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = one.getContext("2d", { willReadFrequently: true });
  /** Whose picture this is: the name of the nearest colour of the palette. */
  function whose(video) {
    pen.drawImage(video, 0, 0, 1, 1);
    const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
    const far = ([x, y, z]) => Math.hypot(r - x, g - y, b - z);
    const [name, nearest] = Object.entries(palette).sort(([, x], [, y]) => far(x) - far(y))[0];
    return far(nearest) < 80 ? name : null;
  }

  let gaps = null; // name -> {last, longest} while a gap is measured
  function look() {
    const live = new Set(received("video"));
    for (const track of live) {
      if (watched.has(track)) continue;
      const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
      video.srcObject = new MediaStream([track]);
      const state = { video, last: null, frames: 0 };
      const frame = () => {
        state.last = Date.now();
        state.frames++;
        const gap = gaps?.[whose(video)];
        if (gap) {
          gap.longest = Math.max(gap.longest, state.last - gap.last);
          gap.last = state.last;
        }
        video.requestVideoFrameCallback(frame);
      };
      video.requestVideoFrameCallback(frame);
      void play.call(video).catch(() => {});
      watched.set(track, state);
    }
    for (const [track, { video }] of watched) {
      if (live.has(track) && video.paused) void play.call(video).catch(() => {}); // the browser had stopped the page
      if (live.has(track)) continue;
      video.srcObject = null;
      watched.delete(track);
    }
  }

  const numbers = new WeakMap(); // connection -> its number: ids in statistics are the same again in the next one
  let connected = 0;
  function numberOf(connection) {
    if (!numbers.has(connection)) numbers.set(connection, ++connected);
    return numbers.get(connection);
  }

  // ---- what a test asks --------------------------------------------------------------------------------------------

  // [ms since the epoch, the tones then received], ten times a second while the page is in a room; it survives a reload
  const KEPT = "history of the instruments";
  const history = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  if (location.pathname.startsWith("/room/")) {
    setInterval(() => {
      look();
      if (deaf) return;
      listen();
      history.push([Date.now(), heard()]);
    }, 100);
    addEventListener("pagehide", () => sessionStorage.setItem(KEPT, JSON.stringify(history)));
  }

  Object.assign(window.instruments, {
    connections,
    /** {received, played}: the frequencies with a peak, in Hz. */
    hears() {
      listen();
      return { received: heard(), played: peaks(ear.played) };
    },
    /** Whose picture moved within the last `fresh` ms: name -> its width. */
    sees(fresh = 1000) {
      look();
      const now = Date.now();
      const moving = [...watched.values()].filter(
        ({ last, video }) => last !== null && now - last < fresh && video.videoWidth > 0,
      );
      return Object.fromEntries(moving.map(({ video }) => [whose(video), video.videoWidth]));
    },
    history: () => history,
    /** Hears nothing from now on: to listen to eleven voices takes a page a good part of what it needs of the machine. */
    deafen() {
      deaf = true;
      listen();
      void ear.context.suspend();
    },
    /** name -> how many pictures of them came so far over the connection that there is. */
    frames: () => Object.fromEntries([...watched.values()].map(({ video, frames }) => [whose(video), frames])),
    /** Every picture that ever came: whose it is, how long it has stood still (ms), its width. */
    pictures() {
      const now = Date.now();
      return [...watched.values()]
        .filter(({ video }) => video.videoWidth > 0)
        .map(({ video, last }) => ({ of: whose(video), still: now - last, width: video.videoWidth }));
    },
    /** What each connection counted, for whoever has to find out why a test failed. */
    async traffic() {
      const wanted = ["inbound-rtp", "outbound-rtp", "candidate-pair"];
      const reports = await Promise.all([...connections].map((connection) => connection.getStats()));
      return reports.map((report) => [...report.values()].filter(({ type }) => wanted.includes(type)));
    },
    /** What has gone over the way to the server so far, each direction in bytes and packets (without UDP and IP). */
    async carried() {
      const reports = await Promise.all([...connections].map((connection) => connection.getStats()));
      const ways = reports.flatMap((report) => [...report.values()].filter(({ type }) => type === "transport"));
      const sum = (name) => ways.reduce((all, way) => all + way[name], 0);
      return {
        at: performance.now(),
        up: [sum("bytesSent"), sum("packetsSent")],
        down: [sum("bytesReceived"), sum("packetsReceived")],
      };
    },
    /** The microphone stays open, and its person says nothing. */
    beStill() {
      breath.gain.value = 0;
    },
    adopt: (track) => give("camera", track), // another picture of the camera
    /** A device goes in the middle of a meeting; asking for it fails with this error from now on. */
    lose(kind, error) {
      fates[kind] = error;
      for (const track of given[kind]) {
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
      given[kind].clear();
      if (error === "NotFoundError") navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    },
    /** It can be had again; only what was plugged in says so. */
    regain(kind) {
      const plugged = fates[kind] === "NotFoundError";
      delete fates[kind];
      if (plugged) navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    },
    /** How each voice came so far: whose it was when it was last heard (Hz), and what the connection counted of it. */
    async voices() {
      listen();
      const heard = [];
      for (const connection of connections) {
        const tracks = new Map(connection.getReceivers().map(({ track }) => [track.id, track]));
        for (const entry of (await connection.getStats()).values()) {
          if (entry.type !== "inbound-rtp" || entry.kind !== "audio") continue;
          const source = sources.get(tracks.get(entry.trackIdentifier));
          if (source === undefined) continue;
          source.hz = peaks(source.alone)[0] ?? source.hz;
          if (source.hz === null) continue;
          heard.push({
            id: `${numberOf(connection)}/${entry.trackIdentifier}`,
            hz: source.hz,
            samples: entry.totalSamplesReceived ?? 0,
            concealed: entry.concealedSamples ?? 0,
            packets: entry.packetsReceived,
            lost: entry.packetsLost,
            nacks: entry.nackCount ?? 0,
            fec: entry.fecPacketsReceived ?? 0,
            delay: entry.jitterBufferDelay ?? 0,
            emitted: entry.jitterBufferEmittedCount ?? 0,
          });
        }
      }
      return heard;
    },
    /** From now on: how long each of these people's pictures stands still at most. */
    startGaps(names) {
      const now = Date.now();
      gaps = Object.fromEntries(names.map((name) => [name, { last: now, longest: 0 }]));
    },
    /** name -> ms; a picture that has not come back counts until now. */
    stopGaps() {
      const now = Date.now();
      const found = Object.entries(gaps).map(([name, gap]) => [name, Math.max(gap.longest, now - gap.last)]);
      gaps = null;
      return Object.fromEntries(found);
    },
  });
})();
