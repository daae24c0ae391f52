/**
 * Asks connected peers for a torrent: those that have it open it and tell their address. There is no DHT and no
 * tracker.
 */
import { isIP } from "node:net";
import { DecodeError } from "../../chain/errors.ts";
import type { PeerMessages } from "./peer-messages.ts";

const ASK_MS = 3_000;
const INFO_HASH_BYTES = 20;

export interface TorrentAddressModules {
  readonly host: { peers(): { peerId: string }[] };
  readonly messages: PeerMessages;
  readonly torrents: {
    /** The "ip:port" on which it listens. */
    readonly address: string;
    offer(infoHash: Uint8Array): Promise<boolean>;
  };
}

export class TorrentAddresses {
  readonly #modules: TorrentAddressModules;

  constructor(modules: TorrentAddressModules) {
    this.#modules = modules;
  }

  serve(): void {
    const { messages, torrents } = this.#modules;
    messages.handle("torrent", async (infoHash) => {
      if (infoHash.length !== INFO_HASH_BYTES)
        throw new DecodeError("torrent request", "expected an info hash of 20 bytes");
      const isHere = await torrents.offer(infoHash);
      return new TextEncoder().encode(isHere ? torrents.address : "");
    });
  }

  /** @returns "ip:port" of every peer that has the torrent and answered in time */
  async ask(infoHash: Uint8Array, signal: AbortSignal): Promise<string[]> {
    const { host, messages } = this.#modules;
    const answers = await Promise.all(
      host
        .peers()
        .map(({ peerId }) =>
          messages.ask(peerId, "torrent", infoHash, ASK_MS).catch(() => undefined),
        ),
    );
    signal.throwIfAborted();
    return answers.flatMap((bytes) => {
      const address = bytes === undefined ? "" : new TextDecoder().decode(bytes.subarray(0, 64));
      return isAddress(address) ? [address] : [];
    });
  }
}

function isAddress(text: string): boolean {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  return (
    at > 0 && isIP(text.slice(0, at)) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536
  );
}
