/** Which of the three screens is seen: before, during and after the call. */

import { byId, setText } from './element.js';

/** @typedef {import('../room/state.js').RoomState} RoomState */

const PRODUCT = 'Heliograph';

export class Screens {
  #lobby = byId('lobby', HTMLElement);
  #call = byId('call', HTMLElement);
  #ended = byId('ended', HTMLElement);
  #roomTitle = byId('room-title', HTMLElement);
  #headCount = byId('head-count', HTMLElement);
  #endedTitle = byId('ended-title', HTMLElement);
  #endedText = byId('ended-text', HTMLElement);

  /**
   * @param {import('../room/store.js').Store} store
   * @param {{rejoin: () => void, toLobby: () => void}} actions
   */
  constructor(store, { rejoin, toLobby }) {
    byId('rejoin', HTMLElement).addEventListener('click', rejoin);
    byId('to-lobby', HTMLElement).addEventListener('click', toLobby);
    store.subscribe((state, before) => this.#show(state, before));
  }

  /**
   * @param {RoomState} state
   * @param {RoomState} before
   */
  #show(state, before) {
    const { screen, room, farewell, peers, unread } = state;
    this.#lobby.hidden = screen !== 'lobby';
    this.#call.hidden = screen !== 'call';
    this.#ended.hidden = screen !== 'ended';
    document.title = titleOf(state, unread);
    setText(this.#roomTitle, room);
    setText(this.#headCount, peers.size === 0 ? 'Only you' : `${peers.size + 1} people`);
    setText(this.#endedTitle, farewell ? 'The call has ended' : `You left ${room}`);
    setText(this.#endedText, farewell || 'The others can go on talking. You can come back any time.');
    if (screen === before.screen) return;
    // What was focused is gone: a screen reader should begin with where we are now.
    if (screen === 'call') this.#roomTitle.focus({ preventScroll: true });
    if (screen === 'ended') this.#endedTitle.focus({ preventScroll: true });
  }
}

/**
 * @param {RoomState} state
 * @param {number} unread
 */
function titleOf({ screen, room }, unread) {
  if (screen !== 'call') return PRODUCT;
  return `${unread > 0 ? `(${unread}) ` : ''}${room} · ${PRODUCT}`;
}
