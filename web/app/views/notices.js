/** What the page tells the person in passing: seen for a few seconds, and spoken to those who listen. */

import { byId, element, icon } from './element.js';

/** How long a notice stays, in milliseconds. */
const STAYS_MS = 5_000;
/** How long one about a failure stays, in milliseconds. */
const FAILURE_STAYS_MS = 9_000;
/** Most notices at once; the oldest goes. */
const MOST = 3;

/**
 * @typedef {object} Action
 * @property {string} label
 * @property {() => void} run
 */

export class Notices {
  #list = byId('notices', HTMLElement);
  #announcer = byId('announcer', HTMLElement);
  #alarm = byId('alarm', HTMLElement);

  /**
   * Something happened.
   *
   * @param {string} words
   * @param {Action} [action] what the person can do about it
   */
  tell(words, action) {
    speak(this.#announcer, words);
    this.#add(words, 'plain', STAYS_MS, action);
  }

  /**
   * Something has failed.
   *
   * @param {string} words
   */
  complain(words) {
    speak(this.#alarm, words);
    this.#add(words, 'failure', FAILURE_STAYS_MS);
  }

  /**
   * Something that the person must act on; it stays until then.
   *
   * @param {string} words
   * @param {Action} action
   */
  ask(words, action) {
    speak(this.#announcer, words);
    if (![...this.#list.children].some((notice) => notice.textContent?.startsWith(words))) {
      this.#add(words, 'plain', Infinity, action);
    }
  }

  /** Takes all notices away. */
  clear() {
    this.#list.replaceChildren();
  }

  /**
   * @param {string} words
   * @param {'plain' | 'failure'} kind
   * @param {number} stays milliseconds
   * @param {Action} [action]
   */
  #add(words, kind, stays, action) {
    const notice = element('div', { class: 'notice', 'data-kind': kind, 'data-testid': 'notice' });
    if (kind === 'failure') notice.append(icon('warning'));
    notice.append(element('span', {}, words));
    if (action) notice.append(actionButton(action, notice));
    this.#list.append(notice);
    while (this.#list.children.length > MOST) this.#list.firstElementChild?.remove();
    if (Number.isFinite(stays)) setTimeout(() => notice.remove(), stays);
  }
}

/**
 * @param {Action} action
 * @param {HTMLElement} notice
 */
function actionButton({ label, run }, notice) {
  const button = element('button', { type: 'button', class: 'link-button' }, label);
  button.addEventListener('click', () => {
    notice.remove();
    run();
  });
  return button;
}

/**
 * A paragraph of its own makes screen readers speak words that are the same as the last ones; a few
 * are kept, so that several in one moment are all spoken.
 *
 * @param {HTMLElement} region
 * @param {string} words
 */
function speak(region, words) {
  region.append(element('p', {}, words));
  while (region.children.length > MOST) region.firstElementChild?.remove();
}
