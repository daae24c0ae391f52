/** Searches, as a node does them: built in one place. */
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import type { Chain } from "../../chain/chain.ts";
import type { PeerMessages } from "../../network/peer-messages.ts";
import type { SearchWorkers } from "../../workers/kinds/search/workers.ts";
import type { JobKindParts } from "../kind-duties.ts";
import { type CheckOrderModules, OrderChecks } from "./check-order.ts";
import { LeaseLinks } from "./lease-links.ts";
import { LeaseService, type LeaseServiceModules } from "./lease-service.ts";
import { SearchDuties, type SearchDutiesModules } from "./search-duties.ts";
import { SearchParticipant, type SearchParticipantModules } from "./search-participant.ts";
import { SubManagers, type SubManagersModules } from "./sub-managers.ts";

type Made =
  | "blockIntervalMs"
  | "checks"
  | "genesisRoot"
  | "keyOf"
  | "links"
  | "logWhen"
  | "onFault"
  | "orders"
  | "rests"
  | "searchers"
  | "state"
  | "workers";

export type SearchModules = Omit<
  SearchDutiesModules &
    SearchParticipantModules &
    LeaseServiceModules &
    SubManagersModules &
    CheckOrderModules,
  Made
> & {
  readonly chain: Pick<Chain, "state" | "height" | "genesisRoot" | "onBlock">;
  readonly messages: Pick<PeerMessages, "ask" | "handle">;
  readonly searchers: SearchWorkers;
};

export function searchParts(
  { keys, dataDir }: { readonly keys: KeyPair; readonly dataDir: string },
  modules: SearchModules,
): JobKindParts {
  const { chain, messages, peerOf, searchers: workers } = modules;
  const { publicKey } = keys;
  const checks = new OrderChecks({
    ...modules,
    blockIntervalMs: () => chain.state.parameters.blockIntervalMs,
  });
  const keyOf = (node: number): Uint8Array => chain.state.nodes.at(node).publicKey;
  const links = new LeaseLinks({
    messages,
    peerOf,
    ownNode: () => chain.state.nodeIndex(publicKey),
    nodesOf: (id) => {
      const index = chain.state.jobIndex(id);
      const job = index === undefined ? undefined : chain.state.jobs.get(index);
      return job === undefined
        ? []
        : new Set([...job.team, ...job.participants.map(({ node }) => node)]);
    },
  });
  let leases: LeaseService | undefined;
  const { genesisRoot } = chain;
  const shared = { ...modules, workers, links, keyOf, genesisRoot };
  const duties = new SearchDuties({
    ...shared,
    checks,
    state: () => chain.state,
    logWhen: async (job, isEnough, patience) => leases?.logWhen(job, isEnough, patience),
  });
  return {
    duties,
    services: (orders) => {
      leases = new LeaseService({ keys, dataDir }, { ...shared, orders });
      return [
        leases,
        new SubManagers({ keys, dataDir }, { ...shared, orders }),
        new SearchParticipant({ publicKey, dataDir }, { ...shared, orders }),
      ];
    },
    watchers: [],
  };
}
