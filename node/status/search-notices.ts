/** Notices about searches in which this node's workers get nothing to do. */

import { toHex } from "../../chain/crypto/hash.ts";
import type { SearchTrouble } from "../jobs/search/search-troubles.ts";
import type { NodeStatus } from "./node-status.ts";
import type { Notice } from "./notice.ts";
import { shortHash } from "./short-hash.ts";

const DECLINE = "or have it decline searches (`jobs.allow` without `search/...`)";

/** One notice for each kind of trouble, so that many searches make no long list. */
export function ofSearches({ searchTroubles }: Pick<NodeStatus, "searchTroubles">): Notice[] {
  const kinds = new Map(searchTroubles.map((trouble) => [trouble.code, trouble]));
  return [...kinds.values()].map((trouble) => {
    const others = searchTroubles.filter(({ code }) => code === trouble.code).length - 1;
    const rest =
      others === 0 ? "" : `; ${others} more ${others === 1 ? "search" : "searches"} likewise`;
    const { code, message, remedy } = noticeOf(trouble);
    const search = `search ${shortHash(toHex(trouble.job))}`;
    return { code, level: "note", message: `${search}: ${message}${rest}`, remedy };
  });
}

function noticeOf(trouble: SearchTrouble): Pick<Notice, "code" | "message" | "remedy"> {
  switch (trouble.code) {
    case "TOO_FAR": {
      const { lost, rttMs, leaseMs } = trouble;
      const percent = Math.round(100 * lost);
      const leases = `leases of ${Math.round(leaseMs / 1000)} s`;
      return {
        code: "SEARCH_TOO_FAR",
        message: `${lanesOf(trouble)} lost ${percent} % of the time on asking for leases and waiting (round trip ${rttMs} ms, ${leases}), so now and then the manager gives none for a minute`,
        remedy: `give this node a faster connection or a less busy machine, ${DECLINE}; it is tried again by itself`,
      };
    }
    case "RESTING":
      return {
        code: "SEARCH_RESTING",
        message: `${lanesOf(trouble)} had leases and searched nothing of them in time, or this node did not claim what it had reported in an earlier round, so the manager gives none for a while`,
        remedy: `end other programs on this machine, start fewer workers (\`workers\`), ${DECLINE}`,
      };
    case "NO_MANAGER": {
      const seconds = Math.round(trouble.silentMs / 1000);
      return {
        code: "SEARCH_NO_MANAGER",
        message: `no node of its team has answered as manager for ${seconds} s, so the workers end what they have and wait`,
        remedy:
          "wait, if the team's nodes are down: another one takes over as soon as half of them are back; else check this node's peers: `npx poml status`",
      };
    }
  }
}

function lanesOf({ lanes, lanesInAll }: { lanes: number; lanesInAll: number }): string {
  return lanesInAll === 1 ? "this node's worker" : `${lanes} of ${lanesInAll} workers`;
}
