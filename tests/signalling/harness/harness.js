// A participant for tests: one tone, one colour, and probes for what comes through each slot.
'use strict';
const T = (window.T = { errors: [], video: [], analysers: [] });
addEventListener('error', (e) => T.errors.push(String(e.message)));
addEventListener('unhandledrejection', (e) => T.errors.push(String(e.reason)));

T.sources = (hz, colour, width = 320, height = 240, fps = 15) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const pen = canvas.getContext('2d');
  let n = 0;
  const draw = () => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#fff';
    pen.fillRect((n++ * 7) % width, height * 0.8, width / 10, height / 10);
  };
  draw();
  setInterval(draw, 1000 / fps);
  const audio = new AudioContext({ sampleRate: 48000 });
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  const out = audio.createMediaStreamDestination();
  tone.frequency.value = hz;
  gain.gain.value = 0.3;
  tone.connect(gain).connect(out);
  tone.start();
  T.voice = out.stream.getAudioTracks()[0];
  T.picture = canvas.captureStream(fps).getVideoTracks()[0];
};

// The recipe of signalling/README.md; here something is sent from the beginning, so its limits come before the answer.
T.join = async (name, { voice = true, picture = true } = {}) => {
  const post = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body) })).json();
  const offer = await post('/offer', { name });
  const pc = (T.pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' }));
  T.video = [];
  T.analysers = [];
  pc.ontrack = (e) => e.track.kind === 'video' && show(Number(e.streams[0].id.slice(4)), e.streams[0]);
  await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
  [T.audio, T.high, T.low] = pc.getTransceivers();
  for (const own of [T.audio, T.high, T.low]) own.direction = 'sendonly';
  await Promise.all([T.setVoice(voice), T.setPicture(picture)]);
  for (const [own, wish] of [
    [T.high, { maxBitrate: 400000 }],
    [T.low, { maxBitrate: 80000, scaleResolutionDownBy: 4 }],
  ]) {
    const parameters = own.sender.getParameters();
    parameters.degradationPreference = 'maintain-resolution';
    Object.assign(parameters.encodings[0], wish);
    await own.sender.setParameters(parameters);
  }
  await pc.setLocalDescription(await pc.createAnswer());
  await post('/answer', { name, generation: offer.generation, sdp: pc.localDescription.sdp });
  return offer.generation;
};
T.setVoice = (on) => T.audio.sender.replaceTrack(on ? T.voice : null);
T.setPicture = (on) =>
  Promise.all([
    T.high.sender.replaceTrack(on ? T.picture : null),
    T.low.sender.replaceTrack(on ? T.picture.clone() : null),
  ]);
T.setActive = async (layer, active) => {
  const parameters = T[layer].sender.getParameters();
  parameters.encodings[0].active = active;
  await T[layer].sender.setParameters(parameters);
};

function show(k, stream) {
  const video = (T.video[k] = document.createElement('video'));
  video.autoplay = video.playsInline = video.muted = true;
  video.srcObject = stream;
  document.getElementById('grid').append(video);
}

const probe = Object.assign(document.createElement('canvas'), { width: 8, height: 8 }).getContext('2d', {
  willReadFrequently: true,
});
T.colour = (k) => {
  probe.clearRect(0, 0, 8, 8);
  probe.drawImage(T.video[k], 0, 0, 8, 8);
  return [...probe.getImageData(1, 1, 1, 1).data].slice(0, 3);
};
T.width = (k) => T.video[k].videoWidth;

const listening = new AudioContext({ sampleRate: 48000 });
const analyser = (k) => {
  if (!T.analysers[k]) {
    const a = (T.analysers[k] = listening.createAnalyser());
    a.fftSize = 8192;
    a.smoothingTimeConstant = 0;
    const { track } = T.pc.getTransceivers()[3 + 2 * k].receiver;
    listening.createMediaStreamSource(new MediaStream([track])).connect(a);
  }
  return T.analysers[k];
};
// The loudest frequency in slot k, or 0 when it is silent.
T.tone = (k) => {
  const a = analyser(k);
  const bins = new Float32Array(a.frequencyBinCount);
  a.getFloatFrequencyData(bins);
  let top = 0;
  bins.forEach((level, i) => level > bins[top] && (top = i));
  return bins[top] < -60 ? 0 : Math.round((top * 48000) / 8192);
};
T.inbound = async (k) => {
  const out = {};
  (await T.pc.getStats()).forEach((s) => {
    if (s.type === 'inbound-rtp' && (Number(s.mid) - 3) >> 1 === k) {
      out[s.kind] = {
        packets: s.packetsReceived,
        lost: s.packetsLost,
        nacks: s.nackCount,
        repaired: s.retransmittedPacketsReceived,
        freezes: s.freezeCount,
        keys: s.keyFramesDecoded,
        decoded: s.framesDecoded,
        concealed: s.concealedSamples - s.silentConcealedSamples,
        samples: s.totalSamplesReceived,
        playout: s.estimatedPlayoutTimestamp,
      };
    }
  });
  return out;
};
T.outbound = async () => {
  const out = {};
  (await T.pc.getStats()).forEach((s) => {
    if (s.type === 'outbound-rtp') out[['audio', 'high', 'low'][Number(s.mid)]] = { bytes: s.bytesSent, keys: s.keyFramesEncoded, nacks: s.nackCount, target: s.targetBitrate };
    if (s.type === 'candidate-pair' && s.nominated) out.available = s.availableOutgoingBitrate;
  });
  return out;
};
