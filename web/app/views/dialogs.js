/** The dialogs: invitation, devices, help. */

import { invitation } from '../address.js';
import { noteFailure } from '../log.js';
import { byId } from './element.js';

/** How long a button says that the link was copied, in milliseconds. */
const COPIED_MS = 2_000;

export class Dialogs {
  #store;
  #invite = byId('invite-dialog', HTMLDialogElement);
  #settings = byId('settings-dialog', HTMLDialogElement);
  #help = byId('help-dialog', HTMLDialogElement);
  #link = byId('invite-link', HTMLInputElement);
  #lonely = byId('lonely', HTMLElement);
  #lonelyLink = byId('lonely-link', HTMLInputElement);

  /**
   * @param {import('../room/store.js').Store} store
   * @param {{onSettings: () => void}} actions
   */
  constructor(store, { onSettings }) {
    this.#store = store;
    byId('open-invite', HTMLElement).addEventListener('click', () => this.#invite.showModal());
    byId('open-help', HTMLElement).addEventListener('click', () => this.help());
    byId('open-settings', HTMLElement).addEventListener('click', () => {
      onSettings();
      this.#settings.showModal();
    });
    for (const dialog of [this.#invite, this.#settings, this.#help]) closesItself(dialog);
    copies(byId('invite-copy', HTMLButtonElement), this.#link);
    copies(byId('lonely-copy', HTMLButtonElement), this.#lonelyLink);
    const share = byId('invite-share', HTMLButtonElement);
    share.hidden = typeof navigator.share !== 'function';
    share.addEventListener('click', () => this.#share());
    store.subscribe((state) => this.#show(state));
  }

  /** Opens the help. */
  help() {
    if (!this.#help.open) this.#help.showModal();
  }

  /** Whether a dialog is open. */
  get open() {
    return document.querySelector('dialog[open]') !== null;
  }

  /** @param {import('../room/state.js').RoomState} state */
  #show({ screen, room, peers, joined }) {
    const link = invitation(new URL(location.href), room);
    this.#link.value = link;
    this.#lonelyLink.value = link;
    this.#lonely.hidden = !joined || peers.size > 0;
    if (screen !== 'call') {
      for (const dialog of [this.#invite, this.#settings, this.#help]) dialog.close();
    }
  }

  async #share() {
    try {
      await navigator.share({ title: `Call in ${this.#store.state.room}`, url: this.#link.value });
    } catch (error) {
      // The person closed the system's own dialog.
      noteFailure('invite', 'not shared', error);
    }
  }
}

/**
 * Closes with its button, and with a press beside it.
 *
 * @param {HTMLDialogElement} dialog
 */
function closesItself(dialog) {
  dialog.querySelector('[data-close]')?.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLInputElement} field
 */
function copies(button, field) {
  field.addEventListener('focus', () => field.select());
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = 'Copied';
    } catch (error) {
      // Without a secure connection there is no clipboard: the person copies what is selected.
      noteFailure('invite', 'not copied', error);
      field.focus();
      button.textContent = 'Selected';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, COPIED_MS);
  });
}
