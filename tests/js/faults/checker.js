// Judges a history: did the cluster keep its word?

/**
 * Violations, each with a sentence and with what the story of it is about.
 *
 * `facts` are those of the clients: `joined` {who, room, seq} when somebody is in a room for the first time,
 * `acked` {who, room, content, id, seq}, `heard` {who, room, id, seq, content}. `logs` holds for each room the log as it
 * is at the end, when everybody is there and has heard what there was to hear.
 */
export function violations(facts, logs) {
  return [...logs].flatMap(([room, log]) => {
    const here = facts.filter((fact) => fact.room === room);
    const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
    return [
      ...numbering(room, log),
      ...repetitions(room, log),
      ...acknowledgements(room, here, bySeq),
      ...hearing(room, here, bySeq, log.at(-1)?.seq ?? 0),
    ];
  });
}

/** Numbers without holes, from 1. */
function numbering(room, log) {
  const wrong = log.findIndex((entry, place) => entry.seq !== place + 1);
  return wrong === -1 ? [] : [{ room, says: `the log of ${room} has ${log[wrong].seq} at place ${wrong + 1}` }];
}

/** No message twice, whether it was acknowledged or not. */
function repetitions(room, log) {
  const seen = new Set();
  return log.filter(({ content }) => seen.size === seen.add(content).size)
    .map(({ content, seq }) => ({ room, content, says: `"${content}" is in the log of ${room} again at ${seq}` }));
}

/** What was acknowledged is in the log, as it was acknowledged. */
function acknowledgements(room, facts, bySeq) {
  return facts.filter((fact) => fact.what === 'acked')
    .filter(({ id, seq, content }) => bySeq.get(seq)?.id !== id || bySeq.get(seq).content !== content)
    .map(({ content, seq }) => ({ room, content, says: `"${content}" was acknowledged as ${seq} of ${room} and is not there` }));
}

/** Everybody hears everything since they came, once, in the order of the log. */
function hearing(room, facts, bySeq, end) {
  const found = [];
  for (const { who, seq: since } of facts.filter((fact) => fact.what === 'joined')) {
    let last = since;
    const heard = new Set();
    for (const fact of facts.filter((one) => one.what === 'heard' && one.who === who)) {
      const { seq, id, content } = fact;
      if (heard.has(seq)) {
        found.push({ room, who, content, says: `${who} heard ${seq} of ${room} twice` });
      } else if (seq < last) {
        found.push({ room, who, content, says: `${who} heard ${seq} of ${room} after ${last}` });
      }
      if (bySeq.get(seq)?.id !== id) {
        found.push({ room, who, content, says: `${who} heard "${content}" as ${seq} of ${room}, where the log has another message` });
      }
      heard.add(seq);
      last = Math.max(last, seq);
    }
    for (let seq = since + 1; seq <= end; seq += 1) {
      if (!heard.has(seq)) {
        const { content } = bySeq.get(seq) ?? {};
        found.push({ room, who, content, says: `${who} never heard ${seq} of ${room} ("${content}")` });
      }
    }
  }
  return found;
}
