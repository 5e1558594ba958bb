/**
 * One marker for everything the page writes to the console, so that a person can filter for it.
 * Never pass a token, a message body, a session description or a candidate.
 */

/**
 * Notes a change of state.
 *
 * @param {string} area what it is about, such as `socket` or `peer`
 * @param {string} text what happened
 * @param {...(string | number | null | undefined)} details ids, states and codes
 */
export function note(area, text, ...details) {
  console.debug(`[heliograph:${area}] ${text}`, ...details);
}

/**
 * Notes a failure that the page has dealt with. The console stays free of errors: what concerns a
 * person is shown on the page.
 *
 * @param {string} area what it is about
 * @param {string} text what was attempted
 * @param {unknown} error what was thrown
 */
export function noteFailure(area, text, error) {
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  console.info(`[heliograph:${area}] ${text}`, cause);
}
