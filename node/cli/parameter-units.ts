/** The unit of each parameter, as it is shown to people. */
import type { VotableParameter } from "../../chain/governance/votable.ts";
import { poml } from "./format.ts";

type Unit = "POML" | "%" | string;

const UNITS: Readonly<Record<VotableParameter, Unit>> = {
  protocolVersion: "",
  blockIntervalMs: "ms",
  maxSeats: "seats",
  maxBlockBytes: "bytes",
  feeFloor: "POML",
  feeCap: "POML",
  feeRate: "%",
  bondPerRating: "micro-POML per micro-GFLOP/s",
  minBond: "POML",
  unbondingBlocks: "blocks",
  unbondingSeconds: "s",
  evidenceBlocks: "blocks",
  evidenceSeconds: "s",
  slashShare: "%",
  evidenceReward: "%",
  skipPenalty: "POML",
  skipShare: "%",
  weightChange: "%",
  blockReward: "POML",
  workReward: "POML",
  surpriseChance: "%",
  surpriseBlocks: "blocks",
  verifiers: "nodes",
  segmentsPerVerifier: "segments",
  baselineTask: "",
  falseWorkShare: "%",
  energyReference: "operations per mJ",
  minPricePerSample: "micro-POML per sample step",
  managerShare: "%",
  maxExtensions: "phases",
  exactEngine: "SHA-256",
  auditShare: "%",
  secondLook: "%",
  newcomerAudits: "updates",
  trackInterval: "blocks",
  trackBlocks: "blocks",
  trackTask: "",
  minPricePerTeraflop: "micro-POML per 10^12 operations",
  unitOperations: "operations",
};

/**
 * @param value as the chain keeps it and as votes state it
 * @returns e.g. `1.5 %` for 15000 millionths, `0.001 POML` for 1000
 */
export function withUnit(name: string, value: string): string {
  const unit = UNITS[name as VotableParameter] ?? "";
  if (unit === "POML") return `${poml(value)} POML`;
  if (unit === "%") return `${Number(value) / 10_000} %`;
  return unit === "" ? value : `${value} ${unit}`;
}
