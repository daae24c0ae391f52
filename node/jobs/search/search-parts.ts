/** Searches, as a node does them. So far it says that it does none, and the jobs of others go on without it. */
import type { JobKindParts } from "../kind-duties.ts";

function notDone(): never {
  throw new Error("this node takes part in no search, since it declines their orders");
}

export const SEARCH_PARTS: JobKindParts = {
  duties: {
    namesOf: () => ["search"],
    workNeeds: () => ({}),
    mergeNeeds: () => ({}),
    look: async () => "this version of the node does no searches",
    objectionTo: () => undefined,
    merge: notDone,
    judge: notDone,
    hasStates: false,
    factsOf: () => ({}),
  },
  services: () => [],
  watchers: [],
};
