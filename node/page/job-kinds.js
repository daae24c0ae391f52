/** How the page shows jobs, by kind of work: one row and one file a kind. */
import { searchView } from "./search-view.js";
import { trainView } from "./train-view.js";

/** @import { JobKind } from "../../chain/types/job.ts" */
/** @import { JobDetail, JobSummary, RecordJson, RoundJson } from "../api/contract/jobs/job.ts" */
/** @import { Child } from "./dom.js" */

/** @template {JobKind} K @typedef {Extract<JobDetail, { kind: K }>} DetailOf */
/** @template {JobKind} K @typedef {Extract<JobSummary, { kind: K }>} SummaryOf */
/** @template {JobKind} K @typedef {Extract<RoundJson, { kind: K }>} RoundOf */
/** @template {JobKind} K @typedef {Extract<RecordJson, { kind: K }>} RecordOf */

/**
 * What is drawn between the figures and the participants.
 * @template {JobKind} K
 * @typedef {{
 *   element: HTMLElement,
 *   show(job: DetailOf<K>, rounds: readonly RoundOf<K>[]): void,
 *   remove(): void,
 * }} Graph
 */

/**
 * @template {JobKind} K
 * @typedef {{
 *   working: string,
 *   progress(job: Pick<SummaryOf<K>, "recordedRounds" | "progress"> & { rounds?: number | undefined }): string,
 *   result(job: SummaryOf<K>): string,
 *   recordResult(record: RecordOf<K>): string,
 *   about(job: DetailOf<K>): string,
 *   figures(job: DetailOf<K>, rounds: readonly RoundOf<K>[]): [value: string, name: string][],
 *   graph(job: DetailOf<K>): Graph<K>,
 *   participant(
 *     job: DetailOf<K>, rounds: readonly RoundOf<K>[], one: DetailOf<K>["participants"][number],
 *   ): { share: number, state: string },
 *   history(rounds: readonly RoundOf<K>[], job: DetailOf<K>): HTMLElement,
 *   price(job: DetailOf<K>): string,
 *   results(job: DetailOf<K>): Child[],
 *   order(job: DetailOf<K>): (readonly [string, Child | readonly Child[]])[],
 * }} JobView
 */

/** @type {{ readonly [K in JobKind]: JobView<K> }} */
const VIEWS = { train: trainView, search: searchView };

/** @template {JobKind} K @param {{ kind: K }} job @returns {JobView<K>} */
export function viewOf({ kind }) {
  return VIEWS[kind];
}
