/** Making and finding elements. Text goes in as text nodes only, so that nobody's name or message becomes markup. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean>} [attributes] `true` sets an empty attribute, `false` none
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...children);
  return made;
}

/**
 * Makes an icon of the sprite. It is hidden from screen readers: what holds it carries the name.
 *
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'use'));
  setIcon(svg, name);
  return svg;
}

/**
 * Shows another icon in an element that holds one.
 *
 * @param {Element} holder
 * @param {string} name
 */
export function setIcon(holder, name) {
  const use = holder.querySelector('use');
  const href = `/icons.svg#${name}`;
  if (use && use.getAttribute('href') !== href) use.setAttribute('href', href);
}

/**
 * The element of the page with this id.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 * @throws {Error} if the page has no such element: page and scripts do not belong together
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return found;
}

/**
 * Sets the text of an element if it is another one; a live region would speak it again.
 *
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @param {Element} target
 * @param {string} name
 * @param {string | boolean} value
 */
export function setAttribute(target, name, value) {
  if (value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? '' : value);
}
