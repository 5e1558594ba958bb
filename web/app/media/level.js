/** How loud the own microphone is, for the meter and the mark of who speaks. */

/** Time between two looks, in milliseconds. */
const INTERVAL_MS = 100;

export class LevelMeter {
  #onLevel;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {(level: number) => void} onLevel given the loudness, 0 to 1, ten times a second */
  constructor(onLevel) {
    this.#onLevel = onLevel;
    // Browsers allow audio processing only after the person did something on the page.
    if (!navigator.userActivation?.hasBeenActive) {
      for (const gesture of ['pointerdown', 'keydown']) {
        document.addEventListener(gesture, () => setTimeout(() => this.#connect()), { once: true });
      }
    }
  }

  /**
   * Follows this track from now on, or none.
   *
   * @param {MediaStreamTrack | null} track
   */
  follow(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#connect();
  }

  #connect() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = null;
    this.#onLevel(0);
    if (!this.#track || navigator.userActivation?.hasBeenActive === false) return;
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => this.#onLevel(0));
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: 512 });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([this.#track]));
    this.#source.connect(this.#analyser);
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser?.getFloatTimeDomainData(samples);
      this.#onLevel(loudness(samples));
    }, INTERVAL_MS);
  }
}

/**
 * Root mean square, which a voice at a normal distance brings to about 0.1.
 *
 * @param {Float32Array} samples
 */
function loudness(samples) {
  let sum = 0;
  for (const value of samples) sum += value * value;
  return Math.sqrt(sum / samples.length);
}
