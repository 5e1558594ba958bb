/** The page: puts the parts together and starts it. */

import { invitation, roomIn } from './address.js';
import { Call } from './call.js';
import { Identity } from './identity.js';
import { LevelMeter } from './media/level.js';
import { LocalMedia } from './media/local.js';
import { IceServers } from './peers/ice.js';
import { Reporter } from './peers/report.js';
import { prefer, preferences } from './preferences.js';
import { Store } from './room/store.js';
import { Banner } from './views/banner.js';
import { Chat } from './views/chat.js';
import { Controls } from './views/controls.js';
import { DeviceChoice } from './views/devices.js';
import { Dialogs } from './views/dialogs.js';
import { byId, setText } from './views/element.js';
import { Lobby, problemWords } from './views/lobby.js';
import { Notices } from './views/notices.js';
import { Panel } from './views/panel.js';
import { People } from './views/people.js';
import { Screens } from './views/screens.js';
import { listenForKeys } from './views/shortcuts.js';
import { Sound } from './views/sound.js';
import { Stage } from './views/stage.js';

/** From this loudness on the own microphone hears somebody speak, and for how long that holds. */
const SPEAKING = { from: 0.02, holdMs: 600 };
/** Longest part of a chat message shown in a notice. */
const SNIPPET = 80;

/** @type {Call | null} */
let call = null;

const store = new Store();
const notices = new Notices();
const identity = new Identity();
const iceServers = new IceServers(() => identity.headers);
const reporter = new Reporter(() => identity.headers);

const media = new LocalMedia({
  devices: { audio: preferences().audioinput, video: preferences().videoinput },
  onChange: mediaChanged,
  onLost: (kind) => notices.complain(`Your ${kind === 'audio' ? 'microphone' : 'camera'} was disconnected.`),
});

const sound = new Sound(preferences().audiooutput, () =>
  notices.ask('Your browser holds the sound back.', { label: 'Turn it on', run: () => sound.unblock() }),
);

const toggleMicrophone = () => media.setMicrophone(!media.microphoneOn).then(explainMissing('audio'));
const toggleCamera = () => media.setCamera(!media.cameraOn).then(explainMissing('video'));
const toggleScreen = () => (media.screen ? media.stopScreen() : media.startScreen());

new Screens(store, { rejoin, toLobby });
const panel = new Panel(store);
const lobby = new Lobby(store, {
  join: enter,
  toggleMicrophone: () => toggleMicrophone().then(() => prefer({ microphone: media.microphoneOn })),
  toggleCamera: () => toggleCamera().then(() => prefer({ camera: media.cameraOn })),
});
new Stage(store, sound, { onStopScreen: () => media.stopScreen() });
new Controls(store, {
  toggleMicrophone,
  toggleCamera,
  toggleScreen,
  toggleHand: () => call?.toggleHand(),
  toggleChat: () => panel.toggle('chat'),
  togglePeople: () => panel.toggle('people'),
  leave: () => leave(),
});
new Chat(store, {
  send: (text, reference) => call?.chat(text, reference),
  typing: (text) => call?.typing(text),
});
new People(store, {
  lowerHandOf: (peerId) => call?.lowerHandOf(peerId),
  setChat: (on) => call?.setChat(on),
});
new Banner(store, () => call?.retryNow());

const deviceActions = { choose: chooseDevice, chosen: chosenDevices };
const lobbyDevices = new DeviceChoice(byId('lobby-devices', HTMLElement), deviceActions);
const callDevices = new DeviceChoice(byId('call-devices', HTMLElement), deviceActions);
const dialogs = new Dialogs(store, { onSettings: () => callDevices.refresh() });

let heardAt = -Infinity;
const level = new LevelMeter((loudness) => {
  lobby.showLevel(media.microphoneOn ? loudness : 0);
  const now = performance.now();
  if (loudness > SPEAKING.from) heardAt = now;
  store.dispatch({ type: 'local:speaking', peerId: null, on: now - heardAt < SPEAKING.holdMs });
});

listenForKeys({
  active: () => store.state.screen === 'call' && !dialogs.open && preferences().shortcuts,
  actions: new Map([
    ['m', () => void toggleMicrophone()],
    ['v', () => void toggleCamera()],
    ['s', () => void toggleScreen()],
    ['h', () => call?.toggleHand()],
    ['c', () => panel.toggle('chat')],
    ['p', () => panel.toggle('people')],
    ['?', () => dialogs.help()],
  ]),
  escape: () => {
    if (!dialogs.open && store.state.panel) panel.close();
  },
});

const shortcutsSwitch = byId('shortcuts-switch', HTMLInputElement);
shortcutsSwitch.checked = preferences().shortcuts;
shortcutsSwitch.addEventListener('change', () => prefer({ shortcuts: shortcutsSwitch.checked }));

window.addEventListener('online', () => call?.retryNow());
// A page that goes away says so, and does not stay in the room as a ghost until its grace is over.
window.addEventListener('pagehide', () => leave());

identity.read();
toLobby();

/** Shows the form, with the devices as they were left. */
function toLobby() {
  const { username } = preferences();
  store.dispatch({ type: 'local:lobby' });
  openDevices();
  lobby.prepare(username, roomIn(new URL(location.href)));
}

/**
 * Enters a room.
 *
 * @param {string} room
 * @param {string} username
 */
function enter(room, username) {
  prefer({ username });
  history.replaceState(null, '', invitation(new URL(location.href), room));
  notices.clear();
  call = new Call({
    url: signalingUrl(),
    store,
    media,
    identity,
    iceServers,
    reporter,
    announce: (words) => notices.tell(words),
    complain: (words) => notices.complain(words),
    onChat: chatHeard,
  });
  call.start(room, username);
}

function rejoin() {
  const { room } = store.state;
  const { username } = preferences();
  enter(room, username);
  openDevices();
}

function leave() {
  if (store.state.screen === 'call') call?.leave();
  call = null;
  notices.clear();
}

function openDevices() {
  const { microphone, camera } = preferences();
  media.open({ audio: microphone, video: camera }).then(() => lobbyDevices.refresh());
}

function mediaChanged() {
  level.follow(media.audioTrack);
  if (call && store.state.screen === 'call') call.mediaChanged();
  else store.dispatch(media.event);
  const problem = byId('call-problem', HTMLElement);
  setText(problem, problemWords(media.problems));
  problem.hidden = problem.textContent === '';
}

/**
 * After a device was asked for in vain, says why.
 *
 * @param {'audio' | 'video'} kind
 */
function explainMissing(kind) {
  return () => {
    const problem = media.problems[kind];
    if (problem && store.state.screen === 'call') notices.complain(problem.words);
  };
}

/**
 * @param {MediaDeviceKind} kind
 * @param {string} deviceId
 */
function chooseDevice(kind, deviceId) {
  prefer({ [kind]: deviceId });
  if (kind === 'audiooutput') sound.choose(deviceId);
  else media.choose(kind === 'audioinput' ? 'audio' : 'video', deviceId);
}

/** @returns {Record<MediaDeviceKind, string | null>} */
function chosenDevices() {
  const { audioinput, videoinput, audiooutput } = preferences();
  return {
    audioinput: media.audioTrack?.getSettings().deviceId ?? audioinput,
    videoinput: media.videoTrack?.getSettings().deviceId ?? videoinput,
    audiooutput,
  };
}

/** @param {import('./room/state.js').ChatMessage} message */
function chatHeard({ username, text }) {
  if (store.state.chatInView) return;
  const snippet = text.length > SNIPPET ? `${text.slice(0, SNIPPET)}…` : text;
  notices.tell(`${username}: ${snippet}`, { label: 'Open chat', run: () => panel.open('chat') });
}

function signalingUrl() {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
