/** The chat: what was written, what is on its way, who is typing, and the field to write in. */

import { isHost, mayChat, typists } from '../room/state.js';
import { byId, element, icon, setText } from './element.js';
import { splitLinks } from './links.js';

/** Messages of one author within this time stand under one name, in milliseconds. */
const TOGETHER_MS = 5 * 60_000;
/** From here on the number of characters left is shown. */
const SHOW_LEFT = 100;
/** Longest message, in UTF-16 units. */
const LONGEST = 1000;
/** How close to the end counts as reading the newest, in pixels. */
const NEAR_END = 80;

/**
 * @typedef {import('../room/state.js').RoomState} RoomState
 * @typedef {import('../room/state.js').ChatMessage} ChatMessage
 * @typedef {import('../room/state.js').PendingMessage} PendingMessage
 */

/**
 * @typedef {object} ChatActions
 * @property {(text: string, reference?: string) => void} send
 * @property {(text: string) => void} typing
 */

export class Chat {
  #actions;
  #list = byId('messages', HTMLOListElement);
  #typing = byId('typing', HTMLElement);
  #off = byId('chat-off', HTMLElement);
  #form = byId('chat-form', HTMLFormElement);
  #input = byId('chat-text', HTMLTextAreaElement);
  #send = byId('chat-send', HTMLButtonElement);
  #count = byId('chat-count', HTMLElement);
  #empty = element('li', { class: 'no-messages' }, icon('chat'), 'Nothing written yet. Everyone in the room sees what you write.');
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map();
  #times = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

  /**
   * @param {import('../room/store.js').Store} store
   * @param {ChatActions} actions
   */
  constructor(store, actions) {
    this.#actions = actions;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('keydown', (event) => {
      // While a word is composed, Enter belongs to the composition.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener('input', () => {
      actions.typing(this.#input.value);
      this.#measure();
    });
    store.subscribe((state, before) => this.#show(state, before));
    this.#measure();
  }

  #submit() {
    const text = this.#input.value.trim();
    if (text === '' || this.#input.disabled) return;
    this.#input.value = '';
    this.#measure();
    this.#actions.send(text);
  }

  #measure() {
    const left = LONGEST - this.#input.value.length;
    this.#send.disabled = this.#input.value.trim() === '';
    this.#count.hidden = left > SHOW_LEFT;
    setText(this.#count, `${left} left`);
    this.#input.style.height = 'auto';
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }

  /**
   * @param {RoomState} state
   * @param {RoomState} before
   */
  #show(state, before) {
    if (state.messages !== before.messages || state.pending !== before.pending || this.#isEmpty()) {
      this.#showMessages(state);
    } else if (state.panel === 'chat' && before.panel !== 'chat') {
      this.#toEnd();
    }
    setText(this.#typing, typingWords(typists(state)));
    const may = mayChat(state);
    this.#input.disabled = !may;
    this.#off.hidden = state.chatEnabled;
    setText(this.#off, isHost(state) ? 'Chat is off for everyone but you.' : 'The host turned chat off.');
  }

  #isEmpty() {
    return this.#list.childElementCount === 0;
  }

  /** @param {RoomState} state */
  #showMessages({ messages, pending }) {
    const wasAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < NEAR_END;
    const items = new Map();
    messages.forEach((message, index) => {
      const item = this.#items.get(message.id) ?? this.#item(message);
      item.classList.toggle('follows', follows(messages[index - 1], message));
      items.set(message.id, item);
    });
    for (const waiting of pending) items.set(pendingKey(waiting), this.#pendingItem(waiting));
    this.#items = items;
    this.#arrange(items.size > 0 ? [...items.values()] : [this.#empty]);
    if (wasAtEnd || pending.length > 0) this.#toEnd();
  }

  /**
   * Brings the list to these items, touching only what differs.
   *
   * @param {HTMLLIElement[]} items
   */
  #arrange(items) {
    const wanted = new Set(items);
    for (const child of [...this.#list.children]) {
      if (!wanted.has(/** @type {HTMLLIElement} */ (child))) child.remove();
    }
    items.forEach((item, index) => {
      const there = this.#list.children[index] ?? null;
      if (there !== item) this.#list.insertBefore(item, there);
    });
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {ChatMessage} message */
  #item({ username, text, timestamp, own }) {
    const at = new Date(timestamp);
    const known = !Number.isNaN(at.getTime());
    const head = element(
      'div',
      { class: 'message-head' },
      element('span', { class: 'author' }, own ? 'You' : username),
      element('time', { datetime: timestamp }, known ? this.#times.format(at) : ''),
    );
    return element(
      'li',
      { class: 'message', 'data-testid': 'message', 'data-own': String(own) },
      head,
      element('p', { class: 'text' }, ...linked(text)),
    );
  }

  /** @param {PendingMessage} waiting */
  #pendingItem(waiting) {
    const known = this.#items.get(pendingKey(waiting));
    if (known) return known;
    const { text, failure, reference } = waiting;
    const item = element(
      'li',
      { class: 'message pending', 'data-testid': 'message', 'data-own': 'true', 'data-failed': String(failure !== null) },
      element('p', { class: 'text' }, ...linked(text)),
      element('p', { class: 'fate' }, failure ?? 'Sending'),
    );
    if (failure !== null) {
      const again = element('button', { type: 'button', class: 'link-button', 'data-testid': 'send-again' }, 'Send again');
      again.addEventListener('click', () => this.#actions.send(text, reference));
      item.lastElementChild?.append(' ', again);
    }
    return item;
  }
}

/** @param {PendingMessage} waiting */
function pendingKey({ reference, failure }) {
  return `pending:${reference}:${failure ?? ''}`;
}

/**
 * Whether a message stands under the name of the one before it.
 *
 * @param {ChatMessage | undefined} before
 * @param {ChatMessage} message
 */
function follows(before, message) {
  if (!before || before.userId !== message.userId || before.own !== message.own) return false;
  return Date.parse(message.timestamp) - Date.parse(before.timestamp) < TOGETHER_MS;
}

/** @param {string} text */
function linked(text) {
  return splitLinks(text).map((part) =>
    part.link
      ? element('a', { href: part.text, target: '_blank', rel: 'noopener noreferrer' }, part.text)
      : part.text,
  );
}

/**
 * Who is typing, in words.
 *
 * @param {string[]} names
 * @returns {string}
 */
export function typingWords(names) {
  const [first, second] = names;
  if (names.length === 0) return '';
  if (names.length === 1) return `${first} is typing`;
  return names.length === 2 ? `${first} and ${second} are typing` : 'Several people are typing';
}
