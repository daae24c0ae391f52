/** What a device's part in a search is made of. */
import type { MineOrder } from "./control.ts";
import type { Miner } from "./miner.ts";
import type { PartyMessage } from "./party-message.ts";

export interface PartyParts {
  /** Number of this device; it stands for its node in the log. */
  readonly own: number;
  readonly order: MineOrder;
  readonly miner: Miner;
  /** Milliseconds of the protocol's clock. */
  readonly now: () => number;
  readonly send: (to: number, message: PartyMessage) => void;
  /** Some device has a find. */
  readonly found: (nonce: bigint) => void;
  readonly covered: () => void;
}
