/** What devices that search together send each other: events of the other's machine, without the time. */
import type {
  AskEvent,
  BeatEvent,
  FoundEvent,
} from "../../../node/jobs/search/leases/desk-messages.ts";
import type {
  LaneAckEvent,
  LaneEndEvent,
  LaneHeardEvent,
  LaneLeaseEvent,
  LaneWaitEvent,
} from "../../../node/jobs/search/leases/lane-messages.ts";
import type { MemberMessage } from "../../../node/jobs/search/leases/member-messages.ts";

type Timeless<E> = E extends unknown ? Omit<E, "now"> : never;

/** From the desk. */
export type ToLane = Timeless<
  LaneLeaseEvent | LaneWaitEvent | LaneAckEvent | LaneEndEvent | LaneHeardEvent
>;
/** From a lane. */
export type ToDesk = Timeless<AskEvent | BeatEvent | FoundEvent>;

export type PartyMessage =
  | { readonly to: "lane"; readonly event: ToLane }
  /** The sender manages, or knows who does. */
  | { readonly to: "lane"; readonly manager: number }
  | { readonly to: "desk"; readonly event: ToDesk }
  | { readonly to: "member"; readonly message: MemberMessage }
  /** Who manages? */
  | { readonly to: "member"; readonly question: "manager" };
