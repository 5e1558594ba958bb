/** The list of people: who is there, how they are, and what the host can do. */

import { isHost } from '../room/state.js';
import { showAvatar } from './avatar.js';
import { byId, element, icon, setIcon, setText } from './element.js';
import { QUALITY_WORDS } from './tile.js';

/** @typedef {import('../room/state.js').RoomState} RoomState */

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} note
 * @property {boolean} audio
 * @property {boolean} video
 * @property {boolean} handRaised
 * @property {boolean} mayLower whether we may lower their hand
 */

export class People {
  #list = byId('people-list', HTMLUListElement);
  #hostControls = byId('host-controls', HTMLElement);
  #chatSwitch = byId('chat-switch', HTMLInputElement);
  #onLowerHand;
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {import('../room/store.js').Store} store
   * @param {{lowerHandOf: (peerId: string) => void, setChat: (on: boolean) => void}} actions
   */
  constructor(store, { lowerHandOf, setChat }) {
    this.#onLowerHand = lowerHandOf;
    this.#chatSwitch.addEventListener('change', () => setChat(this.#chatSwitch.checked));
    store.subscribe((state) => this.#show(state));
  }

  /** @param {RoomState} state */
  #show(state) {
    this.#hostControls.hidden = !isHost(state);
    this.#chatSwitch.checked = state.chatEnabled;
    if (state.panel !== 'people') return;
    const people = peopleOf(state);
    const rows = new Map();
    for (const person of people) {
      const row = this.#rows.get(person.id) ?? new Row(() => this.#onLowerHand(person.id));
      row.show(person);
      rows.set(person.id, row);
    }
    for (const [id, row] of this.#rows) if (!rows.has(id)) row.root.remove();
    this.#rows = rows;
    [...rows.values()].forEach(({ root }, index) => {
      const there = this.#list.children[index] ?? null;
      if (there !== root) this.#list.insertBefore(root, there);
    });
  }
}

class Row {
  root;
  #avatar = element('span', { class: 'avatar person-avatar', 'aria-hidden': 'true' });
  #name = element('span', { class: 'person-name' });
  #note = element('span', { class: 'person-note' });
  #hand = element('span', { class: 'person-hand' }, icon('hand'), element('span', { class: 'unseen' }, 'Hand raised'));
  #lower = element('button', { type: 'button', class: 'secondary small', 'data-testid': 'lower-hand' }, icon('hand'), 'Lower');
  #microphone = icon('mic');
  #camera = icon('camera');
  #state = element('span', { class: 'unseen' });

  /** @param {() => void} onLower */
  constructor(onLower) {
    this.#lower.addEventListener('click', onLower);
    this.root = element(
      'li',
      { class: 'person', 'data-testid': 'person' },
      this.#avatar,
      element('span', { class: 'person-words' }, this.#name, this.#note),
      this.#hand,
      this.#lower,
      element('span', { class: 'person-media' }, this.#microphone, this.#camera, this.#state),
    );
  }

  /** @param {Person} person */
  show({ id, name, note, audio, video, handRaised, mayLower }) {
    this.root.dataset.peer = id;
    if (this.#name.textContent !== name) showAvatar(this.#avatar, name);
    setText(this.#name, name);
    setText(this.#note, note);
    this.#hand.hidden = !handRaised || mayLower;
    this.#lower.hidden = !(handRaised && mayLower);
    this.#lower.setAttribute('aria-label', `Lower the hand of ${name}`);
    setIcon(this.#microphone, audio ? 'mic' : 'mic-off');
    setIcon(this.#camera, video ? 'camera' : 'camera-off');
    setText(this.#state, `Microphone ${audio ? 'on' : 'off'}, camera ${video ? 'on' : 'off'}`);
  }
}

/**
 * Everybody, ourselves first, then raised hands, then in order of joining.
 *
 * @param {RoomState} state
 * @returns {Person[]}
 */
export function peopleOf(state) {
  const { self, host } = state;
  const ours = self.peerId !== null && host === self.peerId ? 'You, host' : 'You';
  const own = {
    id: 'self', name: self.username, note: ours,
    audio: self.audio, video: self.video, handRaised: self.handRaised, mayLower: false,
  };
  const others = [...state.peers.values()].map((peer) => ({
    id: peer.id,
    name: peer.username,
    note: [host === peer.id ? 'Host' : '', QUALITY_WORDS[peer.quality]].filter(Boolean).join(', '),
    audio: peer.audio,
    video: peer.video !== false,
    handRaised: peer.handRaised,
    mayLower: isHost(state),
  }));
  others.sort((a, b) => Number(b.handRaised) - Number(a.handRaised));
  return [own, ...others];
}
