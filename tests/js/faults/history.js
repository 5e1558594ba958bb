// What happened, as the clients saw it, and what the nemesis did meanwhile.

/** Facts in the order in which they became known. */
export class History {
  #started = Date.now();

  facts = [];

  /** Notes a fact. `what` says which kind it is; the other fields depend on it. */
  add(what, fields = {}) {
    this.facts.push({ at: Date.now() - this.#started, what, ...fields });
  }

  /** The facts of one kind. */
  of(what) {
    return this.facts.filter((fact) => fact.what === what);
  }

  /** What concerns these rooms and people, and the nemesis: a story to read. */
  story({ room, who, content } = {}) {
    const concerns = (fact) => fact.what === 'fault'
      || ((room === undefined || fact.room === undefined || fact.room === room)
        && (who === undefined || fact.who === undefined || fact.who === who)
        && (content === undefined || fact.content === undefined || fact.content === content));
    return this.facts.filter(concerns).map((fact) => {
      const { at, what, ...fields } = fact;
      return `${String(at).padStart(7)} ms  ${what.padEnd(12)} ${JSON.stringify(fields)}`;
    });
  }
}
