/**
 * A node's services for ratings: it works in windows, verifies others' claims, takes part in committees and in tracks.
 */
import { availableParallelism } from "node:os";
import { EnergyMeter } from "../../ml/energy/meter.ts";
import type { Chain } from "../chain/chain.ts";
import type { DutySender } from "../chain/duty-sender.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import type { OnBlock } from "../on-block.ts";
import type { Room } from "../storage/room.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { CommitteeMember } from "./committee-member.ts";
import { LaneStates } from "./lane-states.ts";
import { OwnRecordWatch } from "./own-record-watch.ts";
import { SegmentExchange } from "./segment-exchange.ts";
import { SegmentVerifier } from "./segment-verifier.ts";
import { TrackJudge } from "./track-judge.ts";
import { TrackService } from "./track-service.ts";
import { WindowService } from "./window-service.ts";

export interface RatingServicesOptions {
  readonly publicKey: Uint8Array;
  readonly dataDir: string;
  readonly track: Config["track"];
}

export interface RatingServicesModules {
  readonly chain: Chain;
  readonly duties: DutySender;
  readonly messages: PeerMessages;
  readonly workers: WorkerPool;
  readonly room: Room;
  readonly clock: Clock;
  readonly log: NodeLog;
  readonly peerOf: (node: number) => string;
}

export interface RatingServices {
  /** In the order in which they are informed of a block. */
  readonly services: readonly OnBlock[];
  readonly window: WindowService;
  readonly ownRecord: OwnRecordWatch;
}

export async function createRatingServices(
  { publicKey, dataDir, track }: RatingServicesOptions,
  { messages, room, ...modules }: RatingServicesModules,
): Promise<RatingServices> {
  const { workers, clock } = modules;
  const shared = { ...modules, segments: new SegmentExchange(messages) };
  const meter = await EnergyMeter.open({
    sysfs: "/sys",
    now: () => clock.monotonic(),
    cores: availableParallelism(),
  });
  const states = new LaneStates({ dataDir }, room);
  const lanes = (): number => workers.status().filter(({ state }) => state !== "set-aside").length;
  const window = new WindowService({ publicKey }, { ...shared, states, meter, lanes });
  const ownRecord = new OwnRecordWatch({ publicKey }, shared);
  const { enabled: isEnabled, ...recipe } = track;
  const services = [
    window,
    new SegmentVerifier({ publicKey }, shared),
    new CommitteeMember({ publicKey }, shared),
    new TrackService({ publicKey, isEnabled, recipe }, shared),
    new TrackJudge({ publicKey }, shared),
  ];
  return { services, window, ownRecord };
}
