/** From a client's order to search to the specification that goes on chain: completed, checked and priced. */

import { formatAmount } from "../../../chain/amount.ts";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { openingPrice, requireEnoughNodes } from "../../../chain/job/opening-price.ts";
import { jobPrice } from "../../../chain/job/price.ts";
import { checkJobSpec } from "../../../chain/transactions/job-open.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { SEARCH_ENDIANS, SEARCH_MODES, type SearchSpec } from "../../../chain/types/search.ts";
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import { lowestPrice } from "../../../chain/workload/search/price.ts";
import { searchSpec } from "../../../chain/workload/search/search-of.ts";
import { unitCount } from "../../../chain/workload/search/units.ts";
import { AlgorithmError } from "../../../ml/search/algorithm-error.ts";
import { CORE_OPERATIONS, hashOperations } from "../../../ml/search/hash-cost.ts";
import { findShipped, SHIPPED, shippedModule } from "../../../ml/search/shipped-algorithms.ts";
import { zeroBitsOf } from "../../../ml/search/zero-bits.ts";
import type { ModuleReport } from "../../search/probe-module.ts";
import { textBytes } from "../../wallet/payload.ts";
import { JobError } from "../job-error.ts";
import type { PreparedJob } from "../prepared-job.ts";
import { badOrder, fillCrowd, fillRange, fillTarget, fillUnitBits } from "./fill-search.ts";
import type { SearchRequest } from "./search-request.ts";

const GIGA = 1_000_000_000n;
const MAX_OPERATIONS = MAX_UINT32;

export interface PrepareSearchModules {
  /** Keeps a module for peers. @returns its hash */
  keep(module: Uint8Array): Promise<Uint8Array>;
  /** A module that this node or a peer of it has. */
  find(hash: Uint8Array): Promise<Uint8Array | undefined>;
  /** Tries a module that did not come with the program. @throws AlgorithmError */
  tryModule(bytes: Uint8Array): Promise<ModuleReport>;
  parameters(): Parameters;
  /** Nodes that can be drawn for work now. */
  drawable(): number;
  /** Nodes in all, the slashed ones left out. */
  nodes(): number;
  /** Jobs that are not settled, of all clients. */
  openJobs(): number;
}

/** @throws JobError BAD_ORDER, BUDGET_BELOW_PRICE; AlgorithmError; TransactionError BAD_FIELD */
export async function prepareSearch(
  request: SearchRequest,
  modules: PrepareSearchModules,
): Promise<PreparedJob> {
  const { prefix = new Uint8Array(), suffix = new Uint8Array() } = request;
  const { nonceBytes = 8, endian = "little", mode = "first", redundancy = 0 } = request;
  const target = fillTarget(request);
  const range = fillRange(request, target, { mode, nonceBytes });
  const algorithm = await findAlgorithm(request, { prefix, suffix, nonceBytes }, modules);
  const chain = modules.parameters();
  const { from, to } = range;
  const unitBits = fillUnitBits(to > from ? to - from : 1n, algorithm.operations);
  const search: SearchSpec = {
    algorithm: algorithm.hash,
    prefix,
    suffix,
    nonceBytes,
    endian: SEARCH_ENDIANS.indexOf(endian),
    target,
    from,
    to,
    mode: SEARCH_MODES.indexOf(mode),
    redundancy,
    unitBits,
    operations: algorithm.operations,
    findBonus: request.bonus ?? 0n,
  };
  const crowd = fillCrowd(request, { drawable: modules.drawable(), units: unitCount(search) });
  const phaseBlocks = Math.ceil((crowd.phaseSeconds * 1000) / chain.blockIntervalMs);
  const draft: JobSpec = {
    name: textBytes("name", request.name ?? nameOf(algorithm.name, target), 64),
    participants: crowd.participants,
    quorum: crowd.quorum,
    teamSize: crowd.teamSize,
    phaseBlocks: Math.max(4, phaseBlocks),
    pricePerUnit: 0n,
    work: { selector: 1, value: search },
  };
  const spec = { ...draft, pricePerUnit: priceOf(request, draft, chain) };
  checkJobSpec(spec, chain);
  requireEnoughNodes(spec, modules.nodes());
  const opening = openingPrice(spec, modules.openJobs(), chain);
  const price = jobPrice(spec, chain) + opening;
  // The price of a place may double before the order stands in a block; what is left comes back.
  const escrow = request.maxSpend ?? price + opening;
  if (escrow < price) throw tooLittle(escrow, price);
  const notes = [...range.notes, ...algorithm.notes, ...crowd.notes, refundNote(mode)];
  return { spec, price, escrow, notes: notes.filter((note) => note !== "") };
}

interface FoundAlgorithm {
  readonly hash: Uint8Array;
  /** For people. */
  readonly name: string;
  /** Of one hash. */
  readonly operations: number;
  readonly notes: readonly string[];
}

async function findAlgorithm(
  { algorithm, operations }: SearchRequest,
  message: Pick<SearchSpec, "prefix" | "suffix"> & { readonly nonceBytes: 4 | 8 },
  { keep, find, tryModule }: PrepareSearchModules,
): Promise<FoundAlgorithm> {
  const shipped = findShipped(algorithm);
  if (shipped !== undefined) {
    const cost = hashOperations(shipped.name, message);
    if (operations !== undefined && operations !== cost) {
      throw badOrder(
        "operations",
        `one hash of this message by ${shipped.name} costs ${cost}, not ${operations}`,
        "leave it out",
      );
    }
    const hash = await keep(await shippedModule(shipped.name));
    return { hash, name: shipped.name, operations: cost, notes: [] };
  }
  const bytes = /^[0-9a-f]{64}$/.test(algorithm) ? await find(fromHex(algorithm)) : undefined;
  if (bytes === undefined) throw unknownAlgorithm(algorithm);
  const { hashesPerSecond } = await tryModule(bytes);
  const measured = Math.ceil(CORE_OPERATIONS / Math.max(1, hashesPerSecond));
  const cost = operations ?? Math.min(MAX_OPERATIONS, Math.max(1, measured));
  return {
    hash: fromHex(algorithm),
    name: algorithm.slice(0, 12),
    operations: cost,
    notes: [
      ...(operations === undefined
        ? [`chosen: one hash counts as ${cost} operations, by what it takes on this machine`]
        : []),
      "only nodes whose owners allow this algorithm, or on which the chain's voters have certified it, will run it",
    ],
  };
}

function unknownAlgorithm(algorithm: string): AlgorithmError {
  const isHash = /^[0-9a-f]{64}$/.test(algorithm);
  const known = SHIPPED.map(({ name }) => name).join(", ");
  return new AlgorithmError(
    `algorithm: ${isHash ? `neither this node nor a peer of it has the module ${algorithm}` : `nothing is called ${algorithm}`}; shipped are ${known}`,
    { code: "ALGORITHM_UNKNOWN", hash: algorithm },
    {
      action: "local",
      remedy: isHash
        ? "bring the module to the node first with `npx poml algorithm add FILE`"
        : `name one of ${known}, or give the hash of a module`,
    },
  );
}

/** What a unit earns. @throws JobError BAD_ORDER below what the chain takes */
function priceOf({ pricePerGigahash }: SearchRequest, draft: JobSpec, chain: Parameters): bigint {
  const lowest = lowestPrice(draft, chain);
  if (pricePerGigahash === undefined) return lowest;
  const unit = 1n << BigInt(searchSpec(draft).unitBits);
  const price = (pricePerGigahash * unit + GIGA - 1n) / GIGA;
  if (price >= lowest) return price;
  const least = (lowest * GIGA + unit - 1n) / unit;
  throw badOrder(
    "pricePerGigahash",
    `${formatAmount(pricePerGigahash)} POML is below ${formatAmount(least)} POML, the least for 10^9 of these hashes`,
    `give at least ${formatAmount(least)} POML (${least} micro-POML), or leave it out`,
  );
}

function tooLittle(escrow: bigint, price: bigint): JobError {
  return new JobError(
    `maxSpend: ${formatAmount(escrow)} POML is below the price of this search, ${formatAmount(price)} POML`,
    { code: "BUDGET_BELOW_PRICE", budget: escrow, price, field: "maxSpend" },
    { action: "local", remedy: "raise it, or search fewer nonces" },
  );
}

function nameOf(algorithm: string, target: Uint8Array): string {
  return `${algorithm}, ${zeroBitsOf(toHex(target))} zero bits`;
}

function refundNote(mode: string): string {
  return mode === "first"
    ? "the price is that of the whole range; it ends with the first find, and the rest comes back"
    : "";
}
