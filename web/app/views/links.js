/** Web addresses in a chat message. */

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/giu;
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = /[.,;:!?)\]}]+$/u;

/**
 * Splits a text into plain parts and addresses, in order and without loss.
 *
 * @param {string} text
 * @returns {{text: string, link: boolean}[]}
 */
export function splitLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(TRAILING, '');
    if (!URL.canParse(address)) continue;
    if (index > end) parts.push({ text: text.slice(end, index), link: false });
    parts.push({ text: address, link: true });
    end = index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), link: false });
  return parts;
}
