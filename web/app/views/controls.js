/** The buttons of the call: what each does now, and what it would do. */

import { canShareScreen } from '../media/devices.js';
import { byId, setAttribute, setIcon } from './element.js';

/**
 * @typedef {object} ControlActions
 * @property {() => void} toggleMicrophone
 * @property {() => void} toggleCamera
 * @property {() => void} toggleScreen
 * @property {() => void} toggleHand
 * @property {() => void} toggleChat
 * @property {() => void} togglePeople
 * @property {() => void} leave
 */

export class Controls {
  #microphone = button('toggle-microphone');
  #camera = button('toggle-camera');
  #screen = button('toggle-screen');
  #hand = button('toggle-hand');
  #chat = button('toggle-chat');
  #people = button('toggle-people');
  #unread = byId('unread', HTMLElement);

  /**
   * @param {import('../room/store.js').Store} store
   * @param {ControlActions} actions
   */
  constructor(store, actions) {
    this.#microphone.addEventListener('click', actions.toggleMicrophone);
    this.#camera.addEventListener('click', actions.toggleCamera);
    this.#screen.addEventListener('click', actions.toggleScreen);
    this.#hand.addEventListener('click', actions.toggleHand);
    this.#chat.addEventListener('click', actions.toggleChat);
    this.#people.addEventListener('click', actions.togglePeople);
    button('leave').addEventListener('click', actions.leave);
    this.#screen.hidden = !canShareScreen();
    store.subscribe((state) => this.#show(state));
  }

  /** @param {import('../room/state.js').RoomState} state */
  #show({ self, screenStream, panel, unread, problems }) {
    showMicrophone(this.#microphone, self.audio, problems.audio);
    showCamera(this.#camera, self.video, problems.video);
    const sharing = screenStream !== null;
    show(this.#screen, sharing, sharing ? 'screen-off' : 'screen', sharing ? 'Stop sharing (S)' : 'Share your screen (S)');
    show(this.#hand, self.handRaised, 'hand', self.handRaised ? 'Lower your hand (H)' : 'Raise your hand (H)');
    const news = unread > 0 ? `, ${unread} unread` : '';
    show(this.#chat, panel === 'chat', 'chat', `Chat${news} (C)`);
    show(this.#people, panel === 'people', 'people', 'People (P)');
    setAttribute(this.#chat, 'aria-expanded', String(panel === 'chat'));
    setAttribute(this.#people, 'aria-expanded', String(panel === 'people'));
    this.#unread.hidden = unread === 0;
    this.#unread.textContent = unread > 99 ? '99+' : String(unread);
  }
}

/**
 * Shows a button for the microphone, here or before the call.
 *
 * @param {HTMLButtonElement} target
 * @param {boolean} on
 * @param {import('../media/problems.js').Problem | null} problem
 */
export function showMicrophone(target, on, problem) {
  show(target, on, on ? 'mic' : 'mic-off', on ? 'Mute the microphone (M)' : 'Unmute the microphone (M)');
  target.dataset.problem = String(problem !== null);
}

/**
 * Shows a button for the camera, here or before the call.
 *
 * @param {HTMLButtonElement} target
 * @param {boolean} on
 * @param {import('../media/problems.js').Problem | null} problem
 */
export function showCamera(target, on, problem) {
  show(target, on, on ? 'camera' : 'camera-off', on ? 'Turn the camera off (V)' : 'Turn the camera on (V)');
  target.dataset.problem = String(problem !== null);
}

/**
 * @param {HTMLButtonElement} target
 * @param {boolean} on
 * @param {string} iconName
 * @param {string} label with the key that does the same in brackets
 */
function show(target, on, iconName, label) {
  target.dataset.on = String(on);
  setIcon(target, iconName);
  target.title = label;
  setAttribute(target, 'aria-label', label.replace(/ \(.\)$/u, ''));
}

/** @param {string} id */
function button(id) {
  return byId(id, HTMLButtonElement);
}
