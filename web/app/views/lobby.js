/** The page before the call: name, room, and how one will be seen and heard. */

import { cleanRoom, suggestRoom } from '../address.js';
import { showAvatar } from './avatar.js';
import { showCamera, showMicrophone } from './controls.js';
import { byId, setText } from './element.js';

/** @typedef {import('../room/state.js').RoomState} RoomState */

/**
 * @typedef {object} LobbyActions
 * @property {(room: string, username: string) => void} join
 * @property {() => void} toggleMicrophone
 * @property {() => void} toggleCamera
 */

export class Lobby {
  #actions;
  #store;
  #name = byId('name', HTMLInputElement);
  #room = byId('room', HTMLInputElement);
  #error = byId('join-error', HTMLElement);
  #video = byId('preview-video', HTMLVideoElement);
  #empty = byId('preview-empty', HTMLElement);
  #avatar = byId('preview-avatar', HTMLElement);
  #text = byId('preview-text', HTMLElement);
  #problem = byId('lobby-problem', HTMLElement);
  #level = byId('lobby-level', HTMLElement);
  #microphone = byId('lobby-microphone', HTMLButtonElement);
  #camera = byId('lobby-camera', HTMLButtonElement);

  /**
   * @param {import('../room/store.js').Store} store
   * @param {LobbyActions} actions
   */
  constructor(store, actions) {
    this.#store = store;
    this.#actions = actions;
    byId('join-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId('suggest-room', HTMLButtonElement).addEventListener('click', () => {
      this.#room.value = suggestRoom();
    });
    this.#name.addEventListener('input', () => this.#show(store.state));
    this.#microphone.addEventListener('click', actions.toggleMicrophone);
    this.#camera.addEventListener('click', actions.toggleCamera);
    store.subscribe((state, before) => {
      this.#show(state);
      if (state.screen === 'lobby' && before.screen !== 'lobby') this.#focus();
    });
  }

  /**
   * Fills the form. A room from a link is an invitation and says so.
   *
   * @param {string} username
   * @param {string} room empty for a new one
   */
  prepare(username, room) {
    this.#name.value = username;
    this.#room.value = room || suggestRoom();
    setText(byId('lobby-title', HTMLElement), room ? `Join ${room}` : 'Talk face to face');
    setText(
      byId('lobby-lead', HTMLElement),
      room
        ? 'Check how you look and sound, then come in.'
        : 'Open a room, send the link, and meet in the browser. Nothing to install.',
    );
    this.#show(this.#store.state);
    this.#focus();
  }

  /**
   * Shows how loud the microphone is.
   *
   * @param {number} level 0 to 1
   */
  showLevel(level) {
    // Loudness is felt logarithmically; the root is close enough for a meter.
    this.#level.style.setProperty('--level', String(Math.min(1, Math.sqrt(level) * 1.6)));
  }

  #focus() {
    (this.#name.value === '' ? this.#name : byId('join', HTMLButtonElement)).focus();
  }

  #submit() {
    const username = this.#name.value.trim();
    const room = cleanRoom(this.#room.value);
    const missing = username === '' ? this.#name : room === '' ? this.#room : null;
    for (const input of [this.#name, this.#room]) {
      input.setAttribute('aria-invalid', String(input === missing));
    }
    setText(this.#error, missing ? missingWords(missing) : '');
    if (missing) missing.focus();
    else this.#actions.join(room, username);
  }

  /** @param {RoomState} state */
  #show({ screen, self, localStream, problems }) {
    const pictured = screen === 'lobby' && localStream !== null && self.video;
    // A video element with an empty stream waits for a picture, and keeps the page loading.
    const stream = pictured ? localStream : null;
    if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
    this.#video.hidden = !pictured;
    this.#empty.hidden = pictured;
    showAvatar(this.#avatar, this.#name.value);
    this.#avatar.hidden = this.#name.value.trim() === '';
    setText(this.#text, previewWords(localStream, problems));
    showMicrophone(this.#microphone, self.audio, problems.audio);
    showCamera(this.#camera, self.video, problems.video);
    const words = problemWords(problems);
    this.#problem.hidden = words === '';
    setText(this.#problem, words);
  }
}

/** @param {HTMLInputElement} input */
function missingWords(input) {
  return input.name === 'name' ? 'Enter the name that people will see.' : 'Enter a room.';
}

/**
 * @param {MediaStream | null} stream
 * @param {RoomState['problems']} problems
 */
function previewWords(stream, problems) {
  if (stream === null) return 'Starting your camera and microphone';
  return problems.video ? 'No picture' : 'Your camera is off';
}

/** @param {RoomState['problems']} problems */
export function problemWords({ audio, video }) {
  if (!audio && !video) return '';
  if (audio?.kind === 'insecure') return `${audio.words} You can still join to listen and write.`;
  if (audio && video) {
    return `${bothWords(audio, video)} You can still join to listen and write.`;
  }
  return (audio ?? video)?.words ?? '';
}

/**
 * @param {import('../media/problems.js').Problem} audio
 * @param {import('../media/problems.js').Problem} video
 */
function bothWords(audio, video) {
  const same = audio.kind === video.kind;
  if (same && audio.kind === 'missing') return 'No camera and no microphone were found.';
  if (same && audio.kind === 'refused') {
    return 'Your browser blocks camera and microphone. Allow them in the address bar to use them here.';
  }
  return `${audio.words} ${video.words}`;
}
