/** Training, as a node does it: built in one place. */
import type { JobKindParts } from "../kind-duties.ts";
import { ModelPublisher, type PublisherModules } from "./model-publisher.ts";
import { Participant, type ParticipantModules } from "./participant.ts";
import { TrainDuties, type TrainDutiesModules, type TrainDutiesOptions } from "./train-duties.ts";

export type TrainModules = TrainDutiesModules &
  Omit<ParticipantModules, "orders"> &
  PublisherModules;

export function trainParts(
  { publicKey, ...options }: TrainDutiesOptions & { readonly publicKey: Uint8Array },
  modules: TrainModules,
): JobKindParts {
  return {
    duties: new TrainDuties(options, modules),
    services: (orders) => [new Participant({ ...modules, orders })],
    watchers: [new ModelPublisher({ publicKey }, modules)],
  };
}
