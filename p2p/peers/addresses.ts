/** Decides which of the addresses that a peer claims are worth remembering and passing on. */

/** Longest multiaddr accepted from outside. */
export const MAX_ADDRESS_LENGTH = 256;
const MAX_ADDRESSES = 4;
const WEBSOCKET = /\/wss?(\/|$)/;
const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/)/;
const WITH_PEER = /\/p2p\/([1-9A-HJ-NP-Za-km-z]{40,64})$/;

export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/** The peer id at the end of an address. */
export function peerOf(address: string): string | undefined {
  return WITH_PEER.exec(address)?.[1];
}

/** The WebSocket addresses of one peer, ending in `/p2p/ID`, bounded. */
export function usableAddresses(peer: string, addresses: readonly string[]): string[] {
  return addresses
    .filter((address) => address.length <= MAX_ADDRESS_LENGTH && WEBSOCKET.test(address))
    .map((address) => (peerOf(address) === undefined ? `${address}/p2p/${peer}` : address))
    .filter((address) => peerOf(address) === peer)
    .slice(0, MAX_ADDRESSES);
}
