/** Asks connected peers where their torrents listen; there is no DHT and no tracker. */
import { isIP } from "node:net";
import type { PeerMessages } from "./peer-messages.ts";

const ASK_MS = 3_000;

export interface TorrentAddressModules {
  readonly host: { peers(): { peerId: string }[] };
  readonly messages: PeerMessages;
  /** "ip:port" of this node's torrents. */
  own(): string;
}

export class TorrentAddresses {
  readonly #modules: TorrentAddressModules;

  constructor(modules: TorrentAddressModules) {
    this.#modules = modules;
  }

  serve(): void {
    const { messages, own } = this.#modules;
    messages.handle("torrent", async () => new TextEncoder().encode(own()));
  }

  /** @returns "ip:port" of every peer that answered in time */
  async ask(signal: AbortSignal): Promise<string[]> {
    const { host, messages } = this.#modules;
    const answers = await Promise.all(
      host
        .peers()
        .map(({ peerId }) =>
          messages.ask(peerId, "torrent", new Uint8Array(0), ASK_MS).catch(() => undefined),
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
