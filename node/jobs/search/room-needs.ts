/** What the duties of a search bring to this disk, at most. */

import { MAX_CLAIM_UNITS } from "../../../chain/workload/search/check.ts";
import { MAX_CLAIMS_BYTES } from "../../../chain/workload/search/claims-file.ts";
import type { RoomNeeds } from "../duty-room.ts";

/** On the disk, of a unit that is searched and claimed: two records of their own, and room for work that was in vain. */
const UNIT_BYTES = 128;
/** Some 150,000 entries with their signatures. A log that grows longer is counted like any file, and goes on. */
const LOG_BYTES = 32 * 2 ** 20;

/** Of a participant in one round: its claims, and what it searched. */
export function searchNeeds(): RoomNeeds {
  return { blobs: MAX_CLAIMS_BYTES, searches: MAX_CLAIM_UNITS * UNIT_BYTES };
}

/** Of a member of a team in one round: its log of leases. */
export function leaseNeeds(): RoomNeeds {
  return { leases: LOG_BYTES };
}

/** Of a member of a team: the claims of so many participants. */
export function mergingNeeds(participants: number): RoomNeeds {
  return { blobs: participants * MAX_CLAIMS_BYTES };
}
