import { once } from "node:events";
import { expect } from "chai";
import { sha256, toHex } from "../../../../chain/crypto/hash.ts";
import type { Job } from "../../../../chain/types/job.ts";
import {
  MAX_ROUND_FINDS,
  SEARCH_MODES,
  type SearchResult,
  type UnitRange,
} from "../../../../chain/types/search.ts";
import { encodeClaims } from "../../../../chain/workload/search/claims-file.ts";
import {
  searchProgress,
  searchResult,
  searchSpec,
} from "../../../../chain/workload/search/search-of.ts";
import { unitAt } from "../../../../chain/workload/search/units.ts";
import type { ClaimReader } from "../../../../node/jobs/search/claim-reader.ts";
import { spansOf } from "../../../../node/jobs/search/leases/span.ts";
import { mergeClaims } from "../../../../node/jobs/search/merge-claims.ts";
import type { NodeLog } from "../../../../node/telemetry/log.ts";
import { inMemory } from "../../../../node/workers/blob-source.ts";
import { WorkerError, type WorkerFacts } from "../../../../node/workers/worker-error.ts";
import { SILENT } from "../../../../p2p/log.ts";
import { EVERYTHING, SearchStory, searchUnit } from "../../../helpers/search-run.ts";
import { STAND_IN_FILES } from "../../../sim/jobs/stand-in-searchers.ts";

const QUIET: NodeLog = { ...SILENT, child: () => QUIET };

/** What a node claims: its units, and how many finds of each of them. */
interface Claimed {
  readonly units: readonly bigint[];
  readonly findsOfEach: number;
  /** Units of them that the log gives it; default: all. */
  readonly given?: readonly bigint[];
}

/** How claims are weighed, and when there is no more time for it. */
interface Weighing {
  readonly read: ClaimReader["read"];
  readonly late: AbortSignal;
  /** How often this member has no log when it is asked for it, since it has just started. */
  readonly withoutLog: number;
}

/** Merges the claims of the first participants; the log gives each what it claims. */
async function merge(
  mode: (typeof SEARCH_MODES)[number],
  claims: readonly Claimed[],
  open?: readonly UnitRange[],
  weighing: Partial<Weighing> = {},
) {
  const { read = STAND_IN_FILES.claims.read, late = new AbortController().signal } = weighing;
  let withoutLog = weighing.withoutLog ?? 0;
  const order = { target: EVERYTHING, mode: SEARCH_MODES.indexOf(mode), quorum: 1 };
  const { job } = new SearchStory({ order });
  const search = searchSpec(job.spec);
  const files = new Map<string, Uint8Array>();
  const owned = new Map<number, readonly bigint[]>();
  const participants = job.participants.map((participant, i) => {
    const claim = claims[i];
    if (claim === undefined) return participant;
    const { node } = participant;
    owned.set(node, claim.given ?? claim.units);
    const finds = claim.units.flatMap((unit) => {
      const { from } = unitAt(search, unit);
      return Array.from({ length: claim.findsOfEach }, (_, at) => from + BigInt(at));
    });
    const units = claim.units.map((unit) => ({
      unit,
      minNonce: searchUnit(search, unit).minNonce,
    }));
    const file = encodeClaims({ job: job.id, round: job.round, node, units, finds });
    const updateHash = sha256(file);
    files.set(toHex(updateHash), file);
    return { ...participant, updateHash, units: units.length, updateBytes: file.length };
  });
  const before = searchProgress(job);
  const value = open === undefined ? before : { ...before, open: [...open] };
  const committed: Job = { ...job, participants, progress: { selector: 1, value } };
  const { signal } = new AbortController();
  const outcome = await mergeClaims(
    committed,
    undefined,
    { phaseMs: 60_000, signal },
    {
      fetcher: {
        fetchFile: async (hash) => ({
          path: "",
          source: inMemory(files.get(toHex(hash)) ?? new Uint8Array(0)),
        }),
      },
      claims: { read },
      // The wait for files is shorter.
      clock: { sleep: async () => {}, timeout: (ms) => (ms > 30_000 ? late : signal) },
      log: QUIET,
      logWhen: async () => {
        if (withoutLog-- > 0) return undefined;
        const spanOf = (unit: bigint) => ({ from: Number(unit), to: Number(unit) + 1 });
        return {
          owned: (node) => spansOf((owned.get(node) ?? []).map(spanOf)),
          finderOf: () => undefined,
        };
      },
      peerOf: (node) => `peer-${node}`,
    },
  );
  if (outcome.kind !== "merged") throw new Error("no record");
  return searchResult(outcome.result);
}

const opened = ({ open }: SearchResult): string =>
  open.map(({ from, to }) => `${from}-${to}`).join(" ");

describe("merged claims of a search", () => {
  it("leave units open whose finds have no room in the record, when every find is wanted", async () => {
    // 4 units with 6 finds each: 16 have room, so the third unit is told in part and the fourth not at all.
    const result = await merge("all", [{ units: [0n, 1n, 2n, 3n], findsOfEach: 6 }]);
    expect(result.finds).length(MAX_ROUND_FINDS);
    expect(opened(result)).equal("2-24");
  });

  it("count all claimed units as searched where their finds have room", async () => {
    const result = await merge("all", [
      { units: [0n, 1n], findsOfEach: 4 },
      { units: [2n, 3n], findsOfEach: 4 },
    ]);
    expect(result.finds).length(MAX_ROUND_FINDS);
    expect(opened(result)).equal("4-24");
  });

  it("leave out who claims a unit that an earlier round recorded, though the log gives it that unit", async () => {
    const twice = { units: [3n, 4n, 5n], findsOfEach: 0 };
    const right = { units: [6n, 7n], findsOfEach: 0 };
    const result = await merge("all", [twice, right], [{ from: 4n, to: 24n }]);
    expect(opened(result)).equal("4-6 8-24");
  });

  it("leave out who claims a unit that the log does not give it, and hash nothing for that claim", async () => {
    const { read, weighed } = counted();
    const stolen = { units: [0n, 1n, 2n], findsOfEach: 1, given: [0n, 1n] };
    const right = { units: [3n, 4n], findsOfEach: 0 };
    const result = await merge("all", [stolen, right], undefined, { read });
    expect(opened(result)).equal("0-3 5-24");
    expect(result.finds).deep.equal([]);
    expect(weighed).deep.equal([2]);
  });

  it("hash nothing for units that an earlier round recorded", async () => {
    const { read, weighed } = counted();
    const twice = { units: [3n, 4n, 5n], findsOfEach: 0 };
    const right = { units: [6n, 7n], findsOfEach: 0 };
    await merge("all", [twice, right], [{ from: 4n, to: 24n }], { read });
    expect(weighed).deep.equal([2]);
  });

  it("are recorded by a member that has its log of leases only after the claims have come", async () => {
    const claims = [
      { units: [0n, 1n, 2n], findsOfEach: 0 },
      { units: [3n, 4n], findsOfEach: 0 },
    ];
    const result = await merge("all", claims, undefined, { withoutLog: claims.length });
    expect(opened(result)).equal("5-24");
  });

  it("name one find where one is enough, and count all claimed units", async () => {
    const result = await merge("first", [{ units: [0n, 1n, 2n, 3n], findsOfEach: 6 }]);
    expect(result.finds.map(({ nonce }) => nonce)).deep.equal([1000n]);
    expect(opened(result)).equal("4-24");
  });

  const TWO = [
    { units: [0n, 1n, 2n], findsOfEach: 0 },
    { units: [3n, 4n], findsOfEach: 0 },
  ];

  it("are recorded without one that this machine cannot weigh in its time", async () => {
    const ends: readonly WorkerFacts[] = [
      { code: "DEADLINE", kind: "claims", deadlineMs: 120_000 },
      { code: "NO_WORKER" },
      { code: "ATTEMPTS", kind: "claims", attempts: 3 },
      { code: "TASK_FAILED", kind: "claims", worker: "w", reason: "ALGORITHM_ENDLESS" },
    ];
    for (const facts of ends) {
      const result = await merge("all", TWO, undefined, { read: failsAtFirst(facts) });
      expect(opened(result), facts.code).equal("0-3 5-24");
    }
  });

  it("are recorded without one that is still weighed when the record is due", async () => {
    const due = new AbortController();
    const read: ClaimReader["read"] = async (job, commit, file, signal) => {
      if (commit.units !== 3) return STAND_IN_FILES.claims.read(job, commit, file, signal);
      const ended = once(signal, "abort");
      due.abort(new Error("due"));
      await ended;
      throw signal.reason;
    };
    const result = await merge("all", TWO, undefined, { read, late: due.signal });
    expect(opened(result)).equal("0-3 5-24");
  });

  it("are not recorded at all where something fails that has nothing to do with time", async () => {
    const read = failsAtFirst({ code: "STOPPED" });
    const failed = await merge("all", TWO, undefined, { read }).catch((error: unknown) => error);
    expect(failed).instanceOf(WorkerError);
  });
});

/** Notes of how many units the claims are that it weighs. */
function counted(): { readonly read: ClaimReader["read"]; readonly weighed: readonly number[] } {
  const weighed: number[] = [];
  const read: ClaimReader["read"] = (job, commit, file, signal) => {
    weighed.push(commit.units);
    return STAND_IN_FILES.claims.read(job, commit, file, signal);
  };
  return { read, weighed };
}

/** The claim of three units fails. */
function failsAtFirst(facts: WorkerFacts): ClaimReader["read"] {
  return async (job, commit, file, signal) => {
    if (commit.units === 3) throw new WorkerError(facts.code, facts);
    return STAND_IN_FILES.claims.read(job, commit, file, signal);
  };
}
