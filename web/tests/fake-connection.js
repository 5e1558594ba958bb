/**
 * A peer connection that follows the signaling state machine of WebRTC 1.0 and nothing else. A
 * description is the name of who made it and a number.
 */
export class FakeConnection {
  signalingState = 'stable';
  localDescription = null;
  remoteDescription = null;
  candidates = [];
  onnegotiationneeded = null;
  onicecandidate = null;
  #name;
  #made = 0;
  #stableLocal = null;

  constructor(name) {
    this.#name = name;
  }

  async setLocalDescription() {
    await null;
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.#made += 1;
    if (type === 'offer') this.#stableLocal = this.signalingState === 'stable' ? this.localDescription : this.#stableLocal;
    this.localDescription = { type, sdp: `${this.#name}-${type}-${this.#made}` };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription({ type, sdp }) {
    await null;
    if (type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('InvalidStateError');
    // An offer over an own offer rolls the own one back.
    if (type === 'offer' && this.signalingState === 'have-local-offer') this.localDescription = this.#stableLocal;
    this.remoteDescription = { type, sdp };
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate(candidate) {
    await null;
    if (!this.remoteDescription) throw new Error('InvalidStateError');
    this.candidates.push(candidate?.candidate ?? null);
  }
}
