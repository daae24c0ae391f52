/** Benchmark windows: when all nodes work at once, what they claim, and which nodes check the claims. */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Hash, Uint8, Uint32, Uint64 } from "./primitive.ts";

/** Wire values; append only. */
export const WINDOW_KINDS = ["regular", "surprise"] as const;

/** The last window; number 0 = none yet. Each height is the last of its stage. */
export const Window = new ContainerType(
  {
    number: Uint32,
    /** Index into WINDOW_KINDS. */
    kind: Uint8,
    /** Block whose mix seeds the work; work starts when it is final. */
    opens: Uint32,
    /** Block that ends the work. */
    closes: Uint32,
    /** Last block that takes claims. */
    claimsUntil: Uint32,
    /** Last block that takes findings of the first stage. */
    verdictsUntil: Uint32,
    /** Last block that takes sealed findings of the first committees. */
    sealsUntil: Uint32,
    /** Last block in which their seals can be opened. */
    appealsUntil: Uint32,
    /** Height at which ratings were set; 0 = not yet. */
    settledAt: Uint32,
    /** Seed of the work. */
    mix: Hash,
    /** Block times, Unix milliseconds. */
    openedAt: Uint64,
    closedAt: Uint64,
  },
  { typeName: "Window", jsonCase: "eth2" },
);
export type Window = ValueOf<typeof Window>;

/** The largest number of worker threads with which one node may work in a window. */
export const MAX_LANES = 64;
/** Segments of one claim that others replay: verifiers times segments each; four times as many on probation. */
export const MAX_CHECKS = 256;
export const COMMITTEE_SIZE = 5;

/** The work of one worker thread: segment after segment, each from the state in which the last one ended. */
export const LaneClaim = new ContainerType(
  {
    segments: Uint32,
    /** Merkle root (RFC 6962) over the hashes of the segments + 1 states. */
    checkpointRoot: Hash,
  },
  { typeName: "LaneClaim", jsonCase: "eth2" },
);
export type LaneClaim = ValueOf<typeof LaneClaim>;
export const LaneClaims = new ListCompositeType(LaneClaim, MAX_LANES);

/** One segment that one node was drawn to replay. */
export const Check = new ContainerType(
  {
    /** Node index. */
    verifier: Uint32,
    lane: Uint8,
    segment: Uint32,
    /** VERDICTS index + 1, 0 = none yet. */
    verdict: Uint8,
  },
  { typeName: "Check", jsonCase: "eth2" },
);
export type Check = ValueOf<typeof Check>;

export const AppealMember = new ContainerType(
  {
    /** Node index. */
    verifier: Uint32,
    /** VERDICTS index + 1, 0 = none yet. */
    verdict: Uint8,
    /** For a sealed verdict, otherwise zero. */
    seal: Hash,
    /** Another state, if the member shows that its seal was made from it; zero = none. */
    reached: Hash,
  },
  { typeName: "AppealMember", jsonCase: "eth2" },
);
export type AppealMember = ValueOf<typeof AppealMember>;

/** One disputed segment before a committee. */
export const Appeal = new ContainerType(
  {
    lane: Uint8,
    segment: Uint32,
    /** Height at which this committee was called; 0 = there is no dispute. */
    called: Uint32,
    /** Empty until drawn. */
    members: new ListCompositeType(AppealMember, COMMITTEE_SIZE),
    /** Hash of the state in which the segment ends according to the claim, once shown; otherwise zero. */
    opened: Hash,
    /** Earlier committees that reached no result. */
    retries: Uint8,
  },
  { typeName: "Appeal", jsonCase: "eth2" },
);
export type Appeal = ValueOf<typeof Appeal>;

/** Self-reported, for the energy factor only. Wire values; append only. */
export const ENERGY_SOURCES = ["none", "estimate", "rapl", "battery"] as const;
export type EnergySource = (typeof ENERGY_SOURCES)[number];

export const WindowClaim = new ContainerType(
  {
    node: Uint32,
    lanes: LaneClaims,
    /** Over the window, as the node's meter says. */
    energyMillijoules: Uint64,
    /** Index into ENERGY_SOURCES. */
    energySource: Uint8,
    /** Time of the block that took the claim, Unix milliseconds: work is timed up to here. */
    claimed: Uint64,
    /** Empty until drawn. */
    checks: new ListCompositeType(Check, MAX_CHECKS),
    appeal: Appeal,
  },
  { typeName: "WindowClaim", jsonCase: "eth2" },
);
export type WindowClaim = ValueOf<typeof WindowClaim>;
