/** The stand-in for a picture: initials on a colour that belongs to the person. */

/** How many colours the style sheet has for this. */
const COLOURS = 8;

/**
 * The first letters of a name's first and last word.
 *
 * @param {string} name
 * @returns {string} one or two characters, `?` for an empty name
 */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters.map((word) => [...(word ?? '')][0] ?? '').join('').toUpperCase() || '?';
}

/**
 * Which colour belongs to somebody; the same on every page.
 *
 * @param {string} key their name or id
 * @returns {number} 0 to 7
 */
export function colourOf(key) {
  let hash = 7;
  for (const character of key) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % COLOURS;
}

/**
 * Shows somebody's stand-in in an element of class `avatar`.
 *
 * @param {HTMLElement} holder
 * @param {string} name
 */
export function showAvatar(holder, name) {
  holder.textContent = initials(name);
  holder.dataset.colour = String(colourOf(name));
}
