/** What the duties of a search bring to this disk, at most. */
import type { RoomNeeds } from "../duty-room.ts";
import { MAX_CLAIMS_BYTES } from "./claims-file.ts";

/** Of a participant in one round: its claims, and the digests of their segments. */
export function searchNeeds(): RoomNeeds {
  return { blobs: MAX_CLAIMS_BYTES };
}

/** Of a member of a team: the claims of so many participants. */
export function mergingNeeds(participants: number): RoomNeeds {
  return { blobs: participants * MAX_CLAIMS_BYTES };
}
