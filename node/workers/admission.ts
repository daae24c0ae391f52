/** Decides which workers may connect, by their token and by the number of places that their machine already has. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { placeOf } from "../../p2p/peers/place.ts";
import { holderOf } from "./machine-token.ts";
import type { LinkIdentity } from "./worker-link.ts";
import type { WorkerToken } from "./worker-token.ts";

export interface Admitted extends Pick<LinkIdentity, "id" | "kind" | "address" | "machine"> {
  /** The token that it presented. */
  readonly token: string;
}

export class Admission {
  readonly #remoteToken: WorkerToken | undefined;
  readonly #maxLinks: number;
  readonly #localTokens = new Map<string, Buffer>();
  /** Sockets of remote workers by machine, including those that have not sent a hello. */
  readonly #held = new Map<string, number>();
  #remotes = 0;

  /** @param maxLinks of remote workers */
  constructor(remoteToken: WorkerToken | undefined, maxLinks: number) {
    this.#remoteToken = remoteToken;
    this.#maxLinks = maxLinks;
  }

  /** The local worker `id` may connect once with `token`. */
  expectLocal(id: string, token: string): void {
    this.#localTokens.set(id, digest(token));
  }

  /** @returns undefined for an invalid token */
  async admit(request: IncomingMessage): Promise<Admitted | undefined> {
    await this.#remoteToken?.refresh();
    return this.#whoHas(bearerToken(request), request.socket.remoteAddress ?? "");
  }

  /** A machine gets at most as many places as it leaves to others, so that none takes all. */
  hasPlace({ kind, machine }: Admitted): boolean {
    if (kind === "local") return true;
    const all = [...this.#held.values()].reduce((sum, count) => sum + count, 0);
    return (this.#held.get(machine) ?? 0) < this.#maxLinks - all;
  }

  /** Counts a socket that was opened or closed. */
  hold({ kind, machine }: Admitted, change: 1 | -1): void {
    if (kind === "local") return;
    const count = (this.#held.get(machine) ?? 0) + change;
    if (count > 0) this.#held.set(machine, count);
    else this.#held.delete(machine);
  }

  #whoHas(token: string, address: string): Admitted | undefined {
    const given = digest(token);
    const remoteToken = this.#remoteToken?.current;
    for (const [id, expected] of this.#localTokens) {
      if (!timingSafeEqual(given, expected)) continue;
      this.#localTokens.delete(id);
      return { id, kind: "local", address, machine: "", token };
    }
    const holder = remoteToken === undefined ? undefined : holderOf(token, remoteToken);
    if (holder === undefined) return undefined;
    this.#remotes += 1;
    const named = holder.machine === undefined ? "" : `-${holder.machine}`;
    return {
      id: `remote-${this.#remotes}${named}`,
      kind: "remote",
      address,
      machine: holder.machine ?? placeOf(address).key,
      token,
    };
  }
}

function bearerToken({ headers }: IncomingMessage): string {
  return /^Bearer (\S{1,512})$/.exec(headers.authorization ?? "")?.[1] ?? "";
}

/** Equal lengths for the comparison in constant time. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
