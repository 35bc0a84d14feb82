// Two soft notes, only ever on a touch: this product makes no sound by itself.

const NOTES = [392, 523.25] as const;
const LOUDNESS = 0.18;
const NOTE_LENGTH = 0.9;

/** Plays the notes; resolves when they are over. */
export async function playSoftTone(): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const start = context.currentTime + 0.05;
  NOTES.forEach((frequency, index) => {
    const note = context.createOscillator();
    const gain = context.createGain();
    const from = start + index * NOTE_LENGTH * 0.6;
    note.frequency.value = frequency;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.08);
    gain.gain.exponentialRampToValueAtTime(0.001, from + NOTE_LENGTH);
    note.connect(gain).connect(context.destination);
    note.start(from);
    note.stop(from + NOTE_LENGTH);
  });
  await new Promise((resolve) => setTimeout(resolve, 2000 * NOTE_LENGTH));
  await context.close();
}
