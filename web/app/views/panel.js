/** The panel beside the stage, which shows the chat or the people. */

import { byId } from './element.js';

/** @typedef {import('../room/state.js').RoomState} RoomState */

export class Panel {
  #store;
  #root = byId('panel', HTMLElement);
  #title = byId('panel-title', HTMLElement);
  #chat = byId('chat', HTMLElement);
  #people = byId('people', HTMLElement);
  #input = byId('chat-text', HTMLTextAreaElement);
  #close = byId('close-panel', HTMLButtonElement);

  /** @param {import('../room/store.js').Store} store */
  constructor(store) {
    this.#store = store;
    this.#close.addEventListener('click', () => this.close());
    document.addEventListener('visibilitychange', () => this.#put(store.state.panel));
    store.subscribe((state, before) => this.#show(state, before));
  }

  /**
   * Opens the panel with this in it, or closes it if that is what it shows.
   *
   * @param {'chat' | 'people'} what
   */
  toggle(what) {
    if (this.#store.state.panel === what) this.close();
    else this.open(what);
  }

  /**
   * Opens the panel with this in it.
   *
   * @param {'chat' | 'people'} what
   */
  open(what) {
    this.#put(what);
  }

  /** Closes the panel. The focus goes to the button that opens it, if it was inside. */
  close() {
    const { panel } = this.#store.state;
    const inside = this.#root.contains(document.activeElement);
    this.#put(null);
    if (panel && inside) byId(`toggle-${panel}`, HTMLButtonElement).focus();
  }

  /** @param {RoomState['panel']} panel */
  #put(panel) {
    const chatInView = panel === 'chat' && document.visibilityState === 'visible';
    this.#store.dispatch({ type: 'local:panel', panel, chatInView });
  }

  /**
   * @param {RoomState} state
   * @param {RoomState} before
   */
  #show({ panel }, before) {
    this.#root.hidden = panel === null;
    this.#chat.hidden = panel !== 'chat';
    this.#people.hidden = panel !== 'people';
    this.#title.textContent = panel === 'people' ? 'People' : 'Chat';
    if (panel === before.panel || panel === null) return;
    // A keyboard that slides in would cover half a phone: there the person taps first.
    const mayType = panel === 'chat' && !this.#input.disabled && matchMedia('(hover: hover)').matches;
    (mayType ? this.#input : this.#close).focus();
  }
}
