/** Why a rating changed, in words: the API, the page and the node's own log say the same. */
import {
  RATING_CAUSES,
  RATING_FAULTS,
  type RatingChange,
  type RatingFault,
} from "../../chain/types/node.ts";

type Cause = (typeof RATING_CAUSES)[number];
const MILLION = 1e6;

export function explainChange(change: RatingChange): string {
  const cause = explainCause(RATING_CAUSES[change.cause] ?? "decay", change);
  const fault = FAULTS[RATING_FAULTS[change.fault] ?? "none"];
  return [cause, fault].filter((words) => words !== "").join("; ");
}

/** What was held against it in audits, or as one who looked at others. */
const FAULTS: Readonly<Record<RatingFault, string>> = {
  none: "",
  mismatch: "three others replayed a part of its update and came to one and the same other state",
  "not-served":
    "at least three others asked for a part of its update for a whole stage and were not served: the update is not paid",
  withheld:
    "for the third time within half-lives others were not served what it had committed to: its next claims and updates are looked at more closely",
  silent: "it was drawn to look at others' work and gave no answer that could be read in time",
  wrong: "at least three others refuted what it said about others' work",
};

function explainCause(cause: Cause, { window, segments, factors }: RatingChange): string {
  switch (cause) {
    case "window":
      return `window ${window}: ${segments} ${segments === 1 ? "segment" : "segments"} claimed, the drawn ones that were served verified bit by bit`;
    case "mismatch":
      return `window ${window}: at least three others replayed a segment and came to one and the same other state`;
    case "not-served":
      return `window ${window}: at least three others asked for a segment for a whole stage and were not served`;
    case "withheld":
      return `window ${window}: at least three others were not served, for the third time within half-lives, so its next claims are looked at more closely`;
    case "unproven":
      return `window ${window}: the claim was neither verified nor refuted: no new measurement, freshness and reliability as they stand by now`;
    case "decay":
      return `window ${window}: no claim, or none that was drawn to be looked at: no new measurement, freshness and reliability as they stand by now`;
    case "slash":
      return "two messages were signed where one is allowed";
    case "track":
      return `track ${window}: quality ${factors.quality / MILLION}, reliability ${factors.reliability / MILLION} after it`;
    case "track-mismatch":
      return `track ${window}: at least three judges came to one and the same other result`;
    case "track-untold":
      return `track ${window}: the node committed and told no result`;
    case "audit":
      return "audit of a job";
    default:
      return cause satisfies never;
  }
}
