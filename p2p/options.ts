/** The host's options, their defaults and their checks. */
import { multiaddr } from "@multiformats/multiaddr";
import { P2pError, reasonOf } from "./errors.ts";

export interface HostOptions {
  /** 32 secret bytes: the node's Ed25519 seed. */
  readonly seed: Uint8Array;
  /** First 16 hex characters of the genesis hash; keeps chains apart on the wire. */
  readonly network: string;
  /** WebSocket multiaddrs to listen on. */
  readonly listen?: readonly string[];
  /** Multiaddrs to tell other nodes instead of the listening ones (behind a proxy or NAT). */
  readonly announce?: readonly string[];
  /** Multiaddrs of nodes through which this node joins the network; one that answers is enough. */
  readonly bootstrap?: readonly string[];
  readonly maxPeers?: number;
  readonly timeouts?: Partial<HostTimeouts>;
}

export interface HostTimeouts {
  /** One dial: TCP, WebSocket, Noise, muxer. */
  readonly dialMs: number;
  /** From the connection until we know which protocols the peer speaks. */
  readonly identifyMs: number;
  /** For a graceful stop. */
  readonly stopMs: number;
}

export interface CheckedOptions {
  readonly seed: Uint8Array;
  readonly network: string;
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly bootstrap: readonly string[];
  readonly maxPeers: number;
  readonly timeouts: HostTimeouts;
}

/**
 * Fills in the defaults.
 * @throws P2pError BAD_OPTION or BAD_ADDRESS naming the option
 */
export function checkOptions(options: HostOptions): CheckedOptions {
  const { seed, network, maxPeers = 50 } = options;
  if (seed.length !== 32) throw badOption("seed", `expected 32 bytes, got ${seed.length}`);
  if (!/^[0-9a-f]{16}$/.test(network)) {
    throw badOption("network", "expected the first 16 hex characters of the genesis hash");
  }
  if (!Number.isInteger(maxPeers) || maxPeers < 1 || maxPeers > 1000) {
    throw badOption("maxPeers", `expected 1 to 1000, got ${maxPeers}`);
  }
  const listen = options.listen ?? ["/ip4/127.0.0.1/tcp/0/ws"];
  const announce = options.announce ?? [];
  const bootstrap = options.bootstrap ?? [];
  for (const [option, addresses] of Object.entries({ listen, announce, bootstrap })) {
    for (const address of addresses) checkAddress(option, address);
  }
  const timeouts = { dialMs: 8_000, identifyMs: 8_000, stopMs: 5_000, ...options.timeouts };
  return { seed, network, listen, announce, bootstrap, maxPeers, timeouts };
}

/** @throws P2pError BAD_ADDRESS unless `address` is a WebSocket multiaddr */
export function checkAddress(option: string, address: string): void {
  let names: readonly string[];
  try {
    names = multiaddr(address)
      .getComponents()
      .map((component) => component.name);
  } catch (error) {
    throw badAddress(option, address, reasonOf(error), error);
  }
  if (!names.includes("ws") && !names.includes("wss")) {
    throw badAddress(option, address, "not a WebSocket address");
  }
}

function badOption(option: string, reason: string): P2pError {
  return new P2pError(`${option}: ${reason}`, { code: "BAD_OPTION", option, reason });
}

function badAddress(option: string, address: string, reason: string, cause?: unknown): P2pError {
  return new P2pError(
    `${option}: ${JSON.stringify(address)}: ${reason}`,
    { code: "BAD_ADDRESS", address, reason },
    { cause, remedy: "write it like /ip4/203.0.113.7/tcp/9000/ws or /dns4/name/tcp/443/wss" },
  );
}
