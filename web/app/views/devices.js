/** Choosing camera, microphone and speaker, before the call and during it. */

import { canChooseSpeaker, listDevices } from '../media/devices.js';
import { element, icon } from './element.js';

/**
 * @typedef {object} DeviceActions
 * @property {(kind: MediaDeviceKind, deviceId: string) => void} choose
 * @property {() => Record<MediaDeviceKind, string | null>} chosen ids in use, null for the default
 */

/** @type {readonly {kind: MediaDeviceKind, label: string, icon: string}[]} */
const CHOICES = [
  { kind: 'audioinput', label: 'Microphone', icon: 'mic' },
  { kind: 'videoinput', label: 'Camera', icon: 'camera' },
  { kind: 'audiooutput', label: 'Speaker', icon: 'speaker' },
];

export class DeviceChoice {
  #actions;
  /** @type {Map<MediaDeviceKind, HTMLSelectElement>} */
  #selects = new Map();

  /**
   * @param {HTMLElement} holder
   * @param {DeviceActions} actions
   */
  constructor(holder, actions) {
    this.#actions = actions;
    for (const choice of CHOICES) {
      if (choice.kind === 'audiooutput' && !canChooseSpeaker()) continue;
      holder.append(this.#choice(choice, `${holder.id}-${choice.kind}`));
    }
    navigator.mediaDevices?.addEventListener('devicechange', () => this.refresh());
  }

  /** Lists the devices again: some came or went, or may be named now that there is permission. */
  async refresh() {
    if (!navigator.mediaDevices) return;
    const devices = await listDevices();
    const chosen = this.#actions.chosen();
    for (const [kind, select] of this.#selects) {
      const options = devices[kind].map(({ id, label }) => element('option', { value: id }, label));
      const there = devices[kind].some(({ id }) => id === chosen[kind]);
      select.replaceChildren(...(options.length > 0 ? options : [element('option', { value: '' }, 'None found')]));
      select.disabled = options.length === 0;
      if (there && chosen[kind] !== null) select.value = chosen[kind];
    }
  }

  /**
   * @param {{kind: MediaDeviceKind, label: string, icon: string}} choice
   * @param {string} id
   */
  #choice({ kind, label, icon: iconName }, id) {
    const select = element('select', { id, 'data-testid': id });
    select.addEventListener('change', () => this.#actions.choose(kind, select.value));
    this.#selects.set(kind, select);
    const words = element('span', { class: 'device-label' }, label);
    return element('label', { class: 'device', for: id, title: label }, words, icon(iconName), select);
  }
}
