/**
 * Which of a peer's streams is the camera and which the screen.
 *
 * Our own pages say it with every description. Other clients name the screen's stream in
 * `screen-share-started`, or not at all; and a track may arrive before or after that message. So
 * nothing is decided when a track arrives: the assignment follows from all that is known by then.
 */

/** @typedef {import('./state.js').Peer} Peer */

/**
 * A peer with `cameraStream` and `screenStream` as they follow from its other fields.
 *
 * @param {Peer} peer
 * @returns {Peer}
 */
export function assignStreams(peer) {
  const streams = [...peer.streams.values()];
  const named = peer.screenStreamId === null ? null : peer.streams.get(peer.screenStreamId);
  const screen = named ?? (nameless(peer) ? streams[1] : undefined);
  const camera = streams.find((stream) => stream !== screen && stream.id !== peer.screenStreamId);
  return {
    ...peer,
    cameraStream: camera ?? null,
    screenStream: (peer.screenSharing && screen) || null,
  };
}

/** @param {Peer} peer */
function nameless(peer) {
  return peer.screenSharing && peer.screenStreamId === null;
}
