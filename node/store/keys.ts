/**
 * Every key of the database: one prefix byte, then the key. Numbers are never reused; retired ones
 * stay listed. Heights and indexes are big-endian so that iteration follows their order.
 */
import { toHex } from "../../chain/crypto/hash.ts";

export const PREFIX = {
  /** name -> SSZ or JSON of one value: `head`, `genesis`, `tipSeats`, `lowestBlock`, and each of STATE_SINGLES */
  single: "01",
  /** height -> CertifiedBlock */
  block: "02",
  /** block hash -> height */
  blockHash: "03",
  /** transaction id -> height, index */
  transaction: "04",
  /** index -> Account */
  account: "05",
  /** index -> NodeRecord */
  node: "06",
  /** index -> Job */
  job: "07",
  /** job id, round -> height of the block with its record */
  record: "08",
  /** name -> bytes a service of this node keeps for itself; not derived from the chain */
  own: "09",
  /** height -> LightBlock of a block that changed the seats: kept when the block itself is pruned */
  seatChange: "0a",
} as const;

export type Prefix = keyof typeof PREFIX;

export function numberKey(prefix: Prefix, value: number): string {
  return `${PREFIX[prefix]}${value.toString(16).padStart(8, "0")}`;
}

export function bytesKey(prefix: Prefix, bytes: Uint8Array): string {
  return `${PREFIX[prefix]}${toHex(bytes)}`;
}

export function nameKey(prefix: Prefix, name: string): string {
  return `${PREFIX[prefix]}${name}`;
}

export function recordKey(job: Uint8Array, round: number): string {
  return `${bytesKey("record", job)}${round.toString(16).padStart(4, "0")}`;
}

/** All keys of a prefix. */
export function range(prefix: Prefix): { gte: string; lt: string } {
  return { gte: PREFIX[prefix], lt: `${PREFIX[prefix]}~` };
}

export function numberOf(key: string): number {
  return Number.parseInt(key.slice(2, 10), 16);
}
