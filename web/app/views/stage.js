/** The stage: a tile for every camera and every shared screen, placed to fit. */

import { byId } from './element.js';
import { arrange } from './layout.js';
import { Tile } from './tile.js';

/**
 * @typedef {import('../room/state.js').RoomState} RoomState
 * @typedef {import('./tile.js').TileModel} TileModel
 */

export class Stage {
  #root = byId('stage', HTMLElement);
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {TileModel[]} */
  #models = [];
  #sound;
  #actions;

  /**
   * @param {import('../room/store.js').Store} store
   * @param {import('./sound.js').Sound} sound
   * @param {{onStopScreen: () => void}} actions
   */
  constructor(store, sound, { onStopScreen }) {
    this.#sound = sound;
    this.#actions = { onStopScreen, onSound: (/** @type {HTMLAudioElement} */ audio) => sound.play(audio) };
    new ResizeObserver(() => this.#place()).observe(this.#root);
    store.subscribe((state) => this.#show(state));
  }

  /** @param {RoomState} state */
  #show(state) {
    this.#models = state.screen === 'call' ? tilesOf(state) : [];
    const keys = new Set(this.#models.map(({ key }) => key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      if (tile.audio) this.#sound.forget(tile.audio);
      tile.remove();
      this.#tiles.delete(key);
    }
    for (const model of this.#models) {
      const tile = this.#tiles.get(model.key);
      if (tile) tile.update(model);
      else this.#add(model);
    }
    this.#place();
  }

  /** @param {TileModel} model */
  #add(model) {
    const tile = new Tile(model, this.#actions);
    this.#tiles.set(model.key, tile);
    this.#root.append(tile.root);
  }

  #place() {
    const { clientWidth: width, clientHeight: height } = this.#root;
    if (width === 0 || height === 0) return;
    const large = this.#models.filter(isPresented);
    const small = this.#models.filter((model) => !isPresented(model));
    const gap = width < 600 ? 8 : 12;
    const places = arrange({ width, height, gap, cameras: small.length, screens: large.length });
    this.#root.dataset.layout = large.length > 0 ? 'presentation' : 'grid';
    this.#placeAll(small, places.cameras);
    this.#placeAll(large, places.screens);
  }

  /**
   * @param {TileModel[]} models
   * @param {import('./layout.js').Rect[]} rects
   */
  #placeAll(models, rects) {
    models.forEach(({ key }, index) => {
      const rect = rects[index];
      if (rect) this.#tiles.get(key)?.place(rect);
    });
  }
}

/**
 * Whether a tile gets the large place: the screens of others. Our own is in front of us already.
 *
 * @param {TileModel} model
 */
function isPresented({ kind, peerId }) {
  return kind === 'screen' && peerId !== null;
}

/**
 * The tiles that a state asks for, ours last.
 *
 * @param {RoomState} state
 * @returns {TileModel[]}
 */
export function tilesOf(state) {
  const tiles = [];
  for (const peer of state.peers.values()) {
    tiles.push(cameraOf(peer));
    if (peer.screenStream) tiles.push(screenOf(peer));
  }
  if (state.screenStream) tiles.push(ownScreen(state));
  tiles.push(ownCamera(state));
  return tiles;
}

/** What is the same for both of our own tiles. */
const OWN = {
  peerId: null,
  link: /** @type {const} */ ('connected'),
  quality: /** @type {const} */ ('excellent'),
  rttMs: null,
  loss: null,
};

/**
 * @param {RoomState} state
 * @returns {TileModel}
 */
function ownCamera({ self, localStream }) {
  return {
    ...OWN,
    key: 'self',
    kind: 'camera',
    name: self.username,
    stream: localStream,
    picture: self.video,
    audio: self.audio,
    handRaised: self.handRaised,
    speaking: self.speaking,
  };
}

/**
 * @param {RoomState} state
 * @returns {TileModel}
 */
function ownScreen({ self, screenStream }) {
  return {
    ...OWN,
    key: 'self-screen',
    kind: 'screen',
    name: self.username,
    stream: screenStream,
    picture: true,
    audio: true,
    handRaised: false,
    speaking: false,
  };
}

/**
 * @param {import('../room/state.js').Peer} peer
 * @returns {TileModel}
 */
function cameraOf({ id, username, cameraStream, video, audio, handRaised, speaking, link, quality, rttMs, loss }) {
  return {
    key: `camera:${id}`,
    kind: 'camera',
    peerId: id,
    name: username,
    stream: cameraStream,
    // A client that never said whether its camera is on is shown whenever a picture comes.
    picture: video !== false,
    audio,
    handRaised,
    speaking,
    link,
    quality,
    rttMs,
    loss,
  };
}

/**
 * @param {import('../room/state.js').Peer} peer
 * @returns {TileModel}
 */
function screenOf(peer) {
  return {
    ...cameraOf(peer),
    key: `screen:${peer.id}`,
    kind: 'screen',
    stream: peer.screenStream,
    picture: true,
    handRaised: false,
    speaking: false,
  };
}
