/** An order to search as a client states it, before anything is filled in (fill-search.ts). */
import type { SearchEndian, SearchMode } from "../../../chain/types/search.ts";

export interface SearchRequest {
  readonly name?: string | undefined;
  /** Name of a shipped algorithm, or hash of a module as hex. */
  readonly algorithm: string;
  readonly prefix?: Uint8Array | undefined;
  readonly suffix?: Uint8Array | undefined;
  readonly nonceBytes?: 4 | 8 | undefined;
  readonly endian?: SearchEndian | undefined;
  /** 32 bytes; this or `zeroBits`. */
  readonly target?: Uint8Array | undefined;
  readonly zeroBits?: number | undefined;
  readonly from?: bigint | undefined;
  /** One past the last nonce. */
  readonly to?: bigint | undefined;
  readonly mode?: SearchMode | undefined;
  /** Percent. */
  readonly redundancy?: number | undefined;
  /** Of one hash. */
  readonly operations?: number | undefined;
  readonly participants?: number | undefined;
  readonly quorum?: number | undefined;
  readonly teamSize?: number | undefined;
  readonly phaseSeconds?: number | undefined;
  /** Micro-POML for 10^9 hashes; undefined = the least that the chain allows. */
  readonly pricePerGigahash?: bigint | undefined;
  /** Micro-POML for finds. */
  readonly bonus?: bigint | undefined;
  /** Micro-POML to put in escrow; undefined = the price, and a little room. */
  readonly maxSpend?: bigint | undefined;
}
