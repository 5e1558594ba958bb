/** Single keys during the call. They never act while something is typed, and can be turned off. */

const TYPED_IN = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';

/**
 * Listens for keys.
 *
 * @param {object} options
 * @param {() => boolean} options.active whether keys act now
 * @param {ReadonlyMap<string, () => void>} options.actions by key, lower case
 * @param {() => void} options.escape what Escape does, also while typing
 */
export function listenForKeys({ active, actions, escape }) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === 'Escape') {
      escape();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !active()) return;
    if (event.target instanceof Element && event.target.closest(TYPED_IN)) return;
    const action = actions.get(event.key.toLowerCase());
    if (!action) return;
    event.preventDefault();
    action();
  });
}
