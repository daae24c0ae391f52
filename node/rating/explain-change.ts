/** Explains in words why a rating changed; API, page and log use the same words. */
import {
  RATING_CAUSES,
  RATING_FAULTS,
  type RatingChange,
  type RatingFault,
} from "../../chain/types/node.ts";
import { fractionOf } from "../../ml/millionths.ts";

type Cause = (typeof RATING_CAUSES)[number];

export function explainChange(change: RatingChange): string {
  const cause = explainCause(RATING_CAUSES[change.cause] ?? "decay", change);
  const fault = FAULTS[RATING_FAULTS[change.fault] ?? "none"];
  return [cause, fault].filter((words) => words !== "").join("; ");
}

/** Faults charged in audits, or for checking others. */
const FAULTS: Readonly<Record<RatingFault, string>> = {
  none: "",
  mismatch: "three others replayed a part of its update and reached the same other state",
  "not-served":
    "at least three others asked for a part of its update for a whole stage and were not served: the update is not paid",
  withheld:
    "for the third time within half-lives others were not served what it had committed to: its next claims and updates are checked more closely",
  silent: "it was drawn to check others' work and gave no readable answer in time",
  wrong: "at least three others refuted what it said about others' work",
};

function explainCause(cause: Cause, { window, segments, factors }: RatingChange): string {
  switch (cause) {
    case "window":
      return `window ${window}: ${segments} ${segments === 1 ? "segment" : "segments"} claimed, the drawn ones that were served verified bit by bit`;
    case "mismatch":
      return `window ${window}: at least three others replayed a segment and reached the same other state`;
    case "not-served":
      return `window ${window}: at least three others asked for a segment for a whole stage and were not served`;
    case "withheld":
      return `window ${window}: at least three others were not served, for the third time within half-lives, so its next claims are checked more closely`;
    case "unproven":
      return `window ${window}: the claim was neither verified nor refuted: there is no new measurement; freshness and reliability are as of now`;
    case "decay":
      return `window ${window}: no claim, or none that was drawn for a check: there is no new measurement; freshness and reliability are as of now`;
    case "slash":
      return "it signed two messages of which only one is allowed";
    case "track":
      return `track ${window}: quality ${fractionOf(factors.quality)}, reliability ${fractionOf(factors.reliability)} after it`;
    case "track-mismatch":
      return `track ${window}: at least three judges reached the same other result`;
    case "track-untold":
      return `track ${window}: the node committed, but gave no result`;
    case "audit":
      return "audit of a job";
    default:
      return cause satisfies never;
  }
}
