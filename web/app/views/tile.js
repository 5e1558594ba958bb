/** One tile of the stage: somebody's camera or screen, their name, and how they are. */

import { showAvatar } from './avatar.js';
import { element, icon, setAttribute, setIcon, setText } from './element.js';

/**
 * What a tile shows.
 *
 * @typedef {object} TileModel
 * @property {string} key
 * @property {'camera' | 'screen'} kind
 * @property {string | null} peerId null for our own
 * @property {string} name
 * @property {MediaStream | null} stream
 * @property {boolean} picture whether the stream's picture is to be shown
 * @property {boolean} audio microphone on
 * @property {boolean} handRaised
 * @property {boolean} speaking
 * @property {'connecting' | 'connected' | 'reconnecting'} link
 * @property {import('../room/state.js').Quality} quality
 * @property {number | null} rttMs
 * @property {number | null} loss
 */

/**
 * @typedef {object} TileActions
 * @property {(audio: HTMLAudioElement) => void} onSound sound is there and is to be played
 * @property {() => void} onStopScreen
 */

const LINKS = { connecting: 'Connecting', connected: '', reconnecting: 'Reconnecting' };

/** @type {Record<import('../room/state.js').Quality, string>} */
export const QUALITY_WORDS = {
  excellent: 'excellent connection',
  good: 'good connection',
  poor: 'poor connection',
  disconnected: 'not connected',
};

export class Tile {
  root;
  #actions;
  #own;
  #kind;
  #video = element('video', { autoplay: true, playsinline: true, muted: true, 'data-testid': 'tile-video' });
  #audio = element('audio', { autoplay: true, 'data-testid': 'tile-audio' });
  #avatar = element('div', { class: 'avatar', 'aria-hidden': 'true' });
  #name = element('span', { class: 'tile-name-text' });
  #muted = icon('mic-off');
  #hand = element('span', { class: 'tile-hand' }, icon('hand'));
  #bars = element('span', { class: 'bars', 'data-testid': 'quality' }, bar(), bar(), bar());
  #status = element('span', { class: 'tile-status' });
  /** @type {TileModel | null} */
  #model = null;

  /**
   * @param {TileModel} model
   * @param {TileActions} actions
   */
  constructor(model, actions) {
    this.#actions = actions;
    this.#own = model.peerId === null;
    this.#kind = model.kind;
    // The attribute alone does not mute an element that is made by a script.
    this.#video.muted = true;
    this.root = element(
      'article',
      {
        class: 'tile',
        'data-testid': 'tile',
        'data-kind': model.kind,
        'data-own': String(this.#own),
        'data-peer': model.peerId ?? 'self',
      },
      this.#video,
      this.#avatar,
      this.#status,
      element('div', { class: 'tile-top' }, this.#hand, this.#bars),
      element('div', { class: 'tile-name' }, this.#muted, this.#name),
      ...this.#buttons(),
    );
    if (!this.#own) this.root.append(this.#audio);
    for (const type of ['resize', 'loadeddata', 'emptied']) {
      this.#video.addEventListener(type, () => this.#showPicture());
    }
    this.update(model);
  }

  /**
   * Shows this from now on.
   *
   * @param {TileModel} model
   */
  update(model) {
    const before = this.#model;
    this.#model = model;
    if (this.#video.srcObject !== model.stream) this.#attach(model.stream);
    if (before?.name !== model.name) showAvatar(this.#avatar, model.name);
    setText(this.#name, this.#title(model));
    this.#muted.toggleAttribute('hidden', model.audio || this.#kind === 'screen');
    this.#hand.hidden = !model.handRaised;
    setText(this.#status, LINKS[model.link]);
    this.#status.hidden = model.link === 'connected';
    this.root.dataset.link = model.link;
    this.root.dataset.speaking = String(model.speaking && model.audio);
    this.#bars.hidden = this.#own || this.#kind === 'screen';
    this.#bars.dataset.quality = model.quality;
    this.#bars.title = measures(model);
    setAttribute(this.root, 'aria-label', this.#description(model));
    this.#showPicture();
  }

  /**
   * Puts the tile at a place of the stage.
   *
   * @param {import('./layout.js').Rect} rect
   */
  place({ x, y, width, height }) {
    const { style } = this.root;
    style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    style.width = `${Math.round(width)}px`;
    style.height = `${Math.round(height)}px`;
    this.root.dataset.size = Math.min(width, height) < 150 ? 'small' : 'large';
  }

  /** The element that plays the sound, null for our own. */
  get audio() {
    return this.#own ? null : this.#audio;
  }

  /** Takes the tile away and lets go of its stream. */
  remove() {
    this.#video.srcObject = null;
    this.#audio.srcObject = null;
    this.root.remove();
  }

  /** @param {MediaStream | null} stream */
  #attach(stream) {
    this.#video.srcObject = stream;
    if (this.#own) return;
    this.#audio.srcObject = stream;
    if (stream) this.#actions.onSound(this.#audio);
  }

  #showPicture() {
    const model = this.#model;
    const shown = Boolean(model?.picture) && this.#video.videoWidth > 0;
    this.root.dataset.picture = String(shown);
    const upright = this.#video.videoHeight > this.#video.videoWidth;
    this.root.dataset.upright = String(upright);
  }

  /** @param {TileModel} model */
  #title({ name }) {
    if (this.#kind === 'screen') return this.#own ? 'Your screen' : `${name}'s screen`;
    return this.#own ? 'You' : name;
  }

  /** @param {TileModel} model */
  #description(model) {
    const parts = [this.#title(model)];
    if (this.#kind === 'camera') {
      if (!model.picture) parts.push('camera off');
      if (!model.audio) parts.push('muted');
      if (model.handRaised) parts.push('hand raised');
      if (!this.#own) parts.push(LINKS[model.link] || QUALITY_WORDS[model.quality]);
    }
    return parts.join(', ');
  }

  #buttons() {
    if (this.#kind !== 'screen') return [];
    return [this.#own ? this.#stopButton() : this.#fullscreenButton()];
  }

  #stopButton() {
    const button = element(
      'button',
      { type: 'button', class: 'tile-action', 'data-testid': 'stop-screen' },
      icon('screen-off'),
      element('span', {}, 'Stop sharing'),
    );
    button.addEventListener('click', () => this.#actions.onStopScreen());
    return button;
  }

  #fullscreenButton() {
    const button = element(
      'button',
      { type: 'button', class: 'tile-action', 'data-testid': 'fullscreen', 'aria-label': 'Full screen' },
      icon('fullscreen'),
    );
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener('click', () => {
      const done = document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen();
      // Refused by the browser or the device: the tile stays as it is.
      done.catch(() => setIcon(button, 'fullscreen'));
    });
    return button;
  }
}

function bar() {
  return element('i');
}

/** @param {TileModel} model */
function measures({ quality, rttMs, loss }) {
  const numbers = [
    rttMs === null ? '' : `${Math.round(rttMs)} ms`,
    loss === null ? '' : `${(loss * 100).toFixed(1)} % lost`,
  ].filter(Boolean);
  const words = QUALITY_WORDS[quality];
  return `${words[0]?.toUpperCase()}${words.slice(1)}${numbers.length ? ` (${numbers.join(', ')})` : ''}`;
}
