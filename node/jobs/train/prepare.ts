/**
 * Turns a client's order into the specification for the chain: model and dataset are checked against each other and
 * stored for the network, and the work is priced.
 */

import { formatAmount } from "../../../chain/amount.ts";
import { fromHex } from "../../../chain/crypto/hash.ts";
import { drawnParticipants } from "../../../chain/job/draw-room.ts";
import { openingPrice, requireEnoughNodes } from "../../../chain/job/opening-price.ts";
import { fullPay, jobPrice, managerPay } from "../../../chain/job/price.ts";
import { checkJobSpec } from "../../../chain/transactions/job-open.ts";
import type { Parameters } from "../../../chain/types/genesis.ts";
import type { JobSpec } from "../../../chain/types/job.ts";
import { JOB_LOSSES } from "../../../chain/types/optimizer.ts";
import { JOB_ENGINES, JOB_PARTITIONS, type TrainSpec } from "../../../chain/types/train.ts";
import { lowestPrice } from "../../../chain/workload/train/price.ts";
import { bytesOfFloats } from "../../../ml/bytes.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { type Manifest, rowCount } from "../../../ml/dataset/manifest.ts";
import type { EngineName } from "../../../ml/engine.ts";
import { checkHyperparameters, type Loss } from "../../../ml/hyperparameters.ts";
import { aggregationSpecOf } from "../../../ml/job-aggregation.ts";
import { optimizerSpecOf } from "../../../ml/job-hyperparameters.ts";
import { checkLossFits, defaultLoss } from "../../../ml/loss-fit.ts";
import { millionthsOf } from "../../../ml/millionths.ts";
import { initialParameters } from "../../../ml/model/initial-parameters.ts";
import type { LayersModel } from "../../../ml/model/layers-model.ts";
import { operationsOf } from "../../../ml/model/operations.ts";
import { presetModel } from "../../../ml/model/presets.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { USUAL_MEMORY_MIB } from "../../config/schema.ts";
import { type RandomBytes, systemRandom } from "../../random.ts";
import { MIB } from "../../units.ts";
import { textBytes } from "../../wallet/payload.ts";
import { JobError } from "../job-error.ts";
import type { PreparedJob } from "../prepared-job.ts";
import type { DatasetService } from "./dataset-service.ts";
import { type CompleteOrder, fillOrder } from "./default-order.ts";
import { checkEmbeddings } from "./embedding-inputs.ts";
import type { JobRequest } from "./job-request.ts";
import type { ModelOpener } from "./models/model-opener.ts";
import type { Inspection } from "./orders/inspect-order.ts";

const PRICE_PER_SAMPLE = 10n;

export interface PrepareModules {
  readonly datasets: DatasetService;
  readonly blobs: BlobStore;
  parameters(): Parameters;
  /** Nodes that can be drawn for work now. */
  drawable(): number;
  /** The number of nodes, without slashed ones. */
  nodes(): number;
  /** The number of unsettled jobs of all clients. */
  openJobs(): number;
  readonly models: Pick<ModelOpener, "read" | "tryStep">;
  /** Reads the order as the drawn nodes will read it. */
  inspect(spec: JobSpec): Promise<Inspection>;
  /** Draws seeds for orders that give none. */
  readonly random?: RandomBytes;
}

/**
 * @throws ModelError, DatasetError, JobError, EngineError BAD_HYPERPARAMETER; TransactionError BAD_FIELD;
 * PomlError as ModelOpener
 */
export async function prepareJob(
  asked: JobRequest,
  {
    datasets,
    blobs,
    parameters,
    drawable,
    nodes,
    openJobs,
    models,
    inspect,
    random = systemRandom,
  }: PrepareModules,
): Promise<PreparedJob> {
  const manifest = await datasets.manifest(asked.dataset);
  const { order: request, notes: chosen } = fillOrder(
    asked,
    { name: manifest.name, rows: rowCount(manifest, "train"), shape: manifest.shape },
    drawable(),
  );
  const seed = request.seed === undefined ? random(32) : fromHex(request.seed);
  const { model, engine, loss, notes } = await checkedModel({ request, manifest, seed }, models);
  const start = initialParameters(model, seed);
  const order = request.partition === "iid" ? "shuffled" : "by-label";
  const shared = await datasets.share(request.dataset, order, seed);
  const trainChunks = shared.manifest.train.length;
  if (trainChunks < request.participants) {
    throw new JobError(
      `participants: ${request.participants} asked for, the dataset has ${trainChunks} chunks`,
      { code: "TOO_FEW_CHUNKS", chunks: trainChunks, participants: request.participants },
      { action: "local", remedy: `ask for at most ${trainChunks} participants` },
    );
  }
  const chain = parameters();
  const train: TrainSpec = {
    engine: JOB_ENGINES.indexOf(engine),
    model: await blobs.put(canonicalJson(model.json)),
    initialParameters: await blobs.put(bytesOfFloats(start)),
    parameterCount: model.parameterCount,
    operations: BigInt(operationsOf(model)),
    dataset: shared.id,
    torrent: shared.torrent,
    trainRows: rowCount(shared.manifest, "train"),
    trainChunks,
    testRows: rowCount(shared.manifest, "test"),
    seed,
    rounds: request.rounds,
    localEpochs: request.localEpochs,
    batchSize: request.batchSize,
    optimizer: optimizerSpecOf(request.optimizer),
    loss: JOB_LOSSES.indexOf(loss),
    partition: JOB_PARTITIONS.indexOf(request.partition),
    aggregation: aggregationSpecOf(request.aggregation, request.server),
    targetAccuracy: millionthsOf(request.targetAccuracy),
  };
  const draft: JobSpec = {
    name: textBytes("name", request.name, 64),
    participants: request.participants,
    quorum: request.quorum,
    teamSize: request.teamSize,
    phaseBlocks: Math.max(4, Math.ceil((request.phaseSeconds * 1000) / chain.blockIntervalMs)),
    pricePerUnit: request.pricePerSample ?? 0n,
    work: { selector: 0, value: train },
  };
  const spec = { ...draft, pricePerUnit: request.pricePerSample ?? usualPrice(draft, chain) };
  checkJobSpec(spec, chain);
  requireEnoughNodes(spec, nodes());
  const opening = openingPrice(spec, openJobs(), chain);
  const price = jobPrice(spec, chain) + opening;
  // The price of a place may double before the order is in a block; the rest comes back.
  const escrow = request.budget ?? price + opening;
  if (escrow < price) {
    throw new JobError(
      `budget: ${formatAmount(escrow)} POML is below the price of this job, ${formatAmount(price)} POML`,
      { code: "BUDGET_BELOW_PRICE", budget: escrow, price },
      { action: "local", remedy: "raise the budget, or ask for fewer rounds, epochs or rows" },
    );
  }
  const memory = memoryNote(await inspect(spec));
  return {
    spec,
    price,
    escrow,
    notes: [
      ...chosen,
      ...notes,
      ...memory,
      ...shortage(spec.quorum, drawable()),
      ...highQuorum(spec, chain),
    ],
  };
}

/** What a sample step earns if the order does not say: ten, or the lowest price of its work. */
function usualPrice(draft: JobSpec, parameters: Parameters): bigint {
  const lowest = lowestPrice(draft, parameters);
  return lowest > PRICE_PER_SAMPLE ? lowest : PRICE_PER_SAMPLE;
}

/** @throws JobError ORDER_IMPOSSIBLE for an order that would end at once and cost a tenth of its price */
function memoryNote(found: Inspection): string[] {
  if (found.kind === "impossible") {
    throw new JobError(
      `the order cannot be carried out: ${found.detail}`,
      { code: "ORDER_IMPOSSIBLE", reason: found.reason },
      { action: "local", remedy: "correct what it names; smaller batches take fewer operations" },
    );
  }
  const mib = Math.ceil(found.workerBytes / MIB);
  if (mib <= USUAL_MEMORY_MIB) return [];
  return [
    `it may take ${mib} MiB of memory on each node: those whose owners allow less (jobs.memoryMib, ${USUAL_MEMORY_MIB} unless they set it) decline it`,
  ];
}

/** A job waits for a draw of enough nodes, and ends if there is none. */
function shortage(quorum: number, nodes: number): string[] {
  if (nodes >= quorum) return [];
  return [
    `every round needs ${quorum} updates, but only ${nodes} nodes can be drawn now: unless more are rated in time, the job ends and the escrow comes back; fewer participants or a smaller quorum would start it`,
  ];
}

interface ChosenModel {
  readonly model: LayersModel;
  readonly engine: EngineName;
  readonly notes: readonly string[];
}

/** A model that the network can train on the dataset. */
async function checkedModel(
  of: { readonly request: CompleteOrder; readonly manifest: Manifest; readonly seed: Uint8Array },
  models: PrepareModules["models"],
): Promise<ChosenModel & { readonly loss: Loss }> {
  const { request, manifest, seed } = of;
  const chosen = await chooseModel(request, manifest, models);
  const { model, engine } = chosen;
  checkFit(model, manifest);
  requireTrainable(model);
  checkEmbeddings(model, manifest);
  const { optimizer, batchSize, loss = defaultLoss(model) } = request;
  checkLossFits(loss, model);
  checkHyperparameters({ optimizer, batchSize, loss });
  if (engine === "tfjs") await models.tryStep(model, seed, loss);
  return { ...chosen, loss };
}

async function chooseModel(
  request: CompleteOrder,
  manifest: Manifest,
  models: PrepareModules["models"],
): Promise<ChosenModel> {
  const json =
    "preset" in request.model
      ? presetModel(request.model.preset, {
          inputShape: manifest.shape,
          classes: manifest.classes.length,
        })
      : request.model.layersModel;
  const model = await models.read(json);
  const refusal = model.exactRefusal;
  const { notes } = model;
  if (refusal === null) {
    const { engine = "exact" } = request;
    const note = "engine tfjs, as asked: the work cannot be audited bit by bit, on exact it could";
    return { model, engine, notes: engine === "tfjs" ? [...notes, note] : [...notes] };
  }
  const { layer, className, reason } = refusal;
  const note = `engine tfjs: layer ${layer} (${className}) cannot run on the exact engine: ${reason}; the work cannot be audited bit by bit`;
  return { model, engine: "tfjs", notes: [note, ...notes] };
}

/** @throws JobError NOTHING_TO_TRAIN when all weights are frozen, or there are none */
function requireTrainable({ parameters }: LayersModel): void {
  if (parameters.some(({ trainable }) => trainable)) return;
  const what =
    parameters.length === 0
      ? "it has no weights"
      : 'all its layers are frozen ("trainable": false)';
  throw new JobError(
    `model: there is nothing to train: ${what}`,
    { code: "NOTHING_TO_TRAIN", weights: parameters.length },
    {
      action: "local",
      remedy:
        parameters.length === 0
          ? "add a Dense layer with one unit per class"
          : 'set "trainable" to true in the config of at least one layer with weights',
    },
  );
}

function checkFit(model: LayersModel, manifest: Manifest): void {
  const refuse = (
    field: string,
    ofModel: string,
    ofData: string,
    remedy = "build the model for this dataset, or use a preset",
  ): never => {
    throw new JobError(
      `model: its ${field} is ${ofModel}, the dataset's is ${ofData}`,
      { code: "MODEL_DATA_MISMATCH", field, model: ofModel, dataset: ofData },
      { action: "local", remedy },
    );
  };
  const size = manifest.shape.reduce((product, n) => product * n, 1);
  if (model.inputSize !== size) refuse("input shape", `${model.inputShape}`, `${manifest.shape}`);
  const classes = manifest.classes.length;
  if (model.classes === classes) return;
  const ending = `end with a Dense layer of ${classes} units and activation "softmax"${classes === 2 ? ', or of 1 unit and "sigmoid"' : ""}, or use a preset`;
  refuse("number of classes", `${model.classes}`, `${classes}`, ending);
}

/**
 * With a high quorum a few nodes can end a job, and they may belong to its client; so this costs as much as an early
 * end.
 */
function highQuorum(spec: JobSpec, parameters: Parameters): string[] {
  const { quorum } = spec;
  const drawn = drawnParticipants(spec);
  const free = Math.floor(drawn / 2) + 1;
  if (quorum <= free) return [];
  const price = formatAmount(managerPay(fullPay(spec), parameters));
  const few = drawn - quorum + 1;
  return [
    `with a quorum of ${quorum} the job ends when ${few} of ${drawn} participants do not deliver, and that costs you up to ${price} POML; with at most ${free} it takes half of them, and costs you nothing`,
  ];
}
