/**
 * What a light client trusts: one block, the seats that certified it, and the seats that its state appoints. The client
 * starts from a block hash (trust-block.ts) or a genesis (trust-genesis.ts) that its owner trusts, and moves on by
 * verified light blocks (verify.ts).
 */
import { equalBytes } from "../crypto/hash.ts";
import { Header, PROTOCOL_VERSION } from "../types/block.ts";
import type { LightBlock } from "../types/light.ts";
import type { Seat } from "../types/node.ts";
import { Seats } from "../types/state.ts";
import { verifyAppointments } from "./appointments.ts";
import { LightError } from "./light-error.ts";

export interface Trusted {
  readonly genesisRoot: Uint8Array;
  /** 0 = genesis. */
  readonly height: number;
  /** Block hash; the genesis root at height 0. */
  readonly hash: Uint8Array;
  /** Unix milliseconds. */
  readonly time: bigint;
  readonly header: Header | undefined;
  /** The seats that certified the block; at genesis the first seats. */
  readonly seats: readonly Seat[];
  /** Roots of the lists of seats that the last proven state appoints. */
  readonly appointed: readonly Uint8Array[];
}

/**
 * The conditions that every light block must meet on its own.
 * @returns its hash
 * @throws LightError
 */
export function checkForm({ header, seats }: LightBlock): Uint8Array {
  if (header.version > PROTOCOL_VERSION) {
    throw new LightError(
      `header version ${header.version}, this program knows up to ${PROTOCOL_VERSION}`,
      { code: "LIGHT_VERSION", expected: PROTOCOL_VERSION, actual: header.version },
      { remedy: "update this program" },
    );
  }
  if (!equalBytes(Seats.hashTreeRoot(seats), header.seatsRoot)) {
    throw new LightError("the seats are not those of the header", {
      code: "LIGHT_SEATS",
      reason: "root",
    });
  }
  return Header.hashTreeRoot(header);
}

/**
 * What to trust after a verified block.
 * @throws LightError LIGHT_APPOINTMENT
 */
export function grown(
  before: Pick<Trusted, "genesisRoot" | "appointed">,
  block: LightBlock,
  hash: Uint8Array,
): Trusted {
  const { header, seats } = block;
  const appointed = verifyAppointments(block);
  return {
    genesisRoot: before.genesisRoot,
    height: header.height,
    hash,
    time: header.time,
    header,
    seats,
    appointed: appointed.length > 0 ? appointed : before.appointed,
  };
}
