/** Makes a checked order from the options of `poml job submit`. */
import type { Command } from "commander";
import { formatAmount } from "../../../chain/amount.ts";
import { JOB_AGGREGATIONS, SERVER_OPTIMIZERS } from "../../../chain/types/aggregation.ts";
import { JOB_LOSSES } from "../../../chain/types/optimizer.ts";
import type { PomlClient } from "../../api/client.ts";
import type { DatasetJson } from "../../api/contract/dataset.ts";
import { TrainOrder } from "../../api/contract/jobs/train.ts";
import { isTask, TASK_ID } from "../../api/contract/task-id.ts";
import { parseAmount } from "../../wallet/amount.ts";
import { CliError, EXIT, usageError } from "../exit-codes.ts";
import { pathOption } from "../path-option.ts";
import { readJson } from "../read-json.ts";

export interface OrderOptions {
  readonly order?: string;
  readonly name?: string;
  readonly dataset?: string;
  readonly preset?: string;
  readonly model?: string;
  readonly engine?: string;
  readonly rounds?: string;
  readonly epochs?: string;
  readonly batch?: string;
  readonly optimizer?: string;
  readonly learningRate?: string;
  readonly momentum?: string;
  readonly beta1?: string;
  readonly beta2?: string;
  readonly epsilon?: string;
  readonly initialAccumulator?: string;
  readonly weightDecay?: string;
  readonly clipValue?: string;
  readonly clipNorm?: string;
  readonly loss?: string;
  readonly partition?: string;
  readonly aggregation?: string;
  readonly hostile?: string;
  readonly clip?: string;
  readonly bucket?: string;
  readonly server?: string;
  readonly serverLearningRate?: string;
  readonly serverMomentum?: string;
  readonly serverBeta1?: string;
  readonly serverBeta2?: string;
  readonly serverTau?: string;
  readonly participants?: string;
  readonly quorum?: string;
  readonly team?: string;
  readonly phaseSeconds?: string;
  readonly price?: string;
  readonly targetAccuracy?: string;
  readonly budget?: string;
  readonly seed?: string;
}

export function addOrderOptions(command: Command): Command {
  return command
    .option(
      "--order <file>",
      "JSON file with an order as POST /v1/jobs takes it; options win",
      pathOption("order"),
    )
    .option("--name <name>", "default: the dataset's name")
    .option("--dataset <id>", "id, start of an id, or name of a dataset the node holds")
    .option(
      "--preset <name>",
      "2nn, cnn, lenet, logistic or mlp (default: lenet for images, else mlp)",
    )
    .option(
      "--model <file>",
      "model.json in tfjs LayersModel form instead of a preset",
      pathOption("model"),
    )
    .option("--engine <name>", "exact or tfjs (default: exact where the model allows it)")
    .option("--rounds <n>", "rounds of federated averaging (default: by the rows, at most 10)")
    .option(
      "--epochs <n>",
      "local epochs per round (default: by the rows, so that all learn enough)",
    )
    .option("--batch <n>", "batch size (default: by the rows: 16, 32 or 64)")
    .option("--optimizer <name>", "sgd, adam or adagrad (default: adam)")
    .option(
      "--learning-rate <x>",
      "(default: adam 0.005 for mlp, 0.01 for logistic, else 0.001; sgd 0.05; adagrad 0.01)",
    )
    .option("--momentum <x>", "sgd: (default: 0.9)")
    .option("--beta1 <x>", "adam: (default: 0.9)")
    .option("--beta2 <x>", "adam: (default: 0.999)")
    .option("--epsilon <x>", "adam, adagrad: (default: 1e-7)")
    .option("--initial-accumulator <x>", "adagrad: (default: 0.1)")
    .option("--weight-decay <x>", "share of every weight taken away per step and unit of rate")
    .option("--clip-value <x>", "cut every gradient to this size")
    .option("--clip-norm <x>", "scale all gradients together down to this norm")
    .option("--loss <name>", `${JOB_LOSSES.join(", ")} (default: the cross-entropy that fits)`)
    .option("--partition <name>", "iid or by-label (default: iid)")
    .option("--aggregation <rule>", `${JOB_AGGREGATIONS.join(", ")} (default: fedavg)`)
    .option(
      "--hostile <x>",
      "trimmed-mean, krum, multi-krum: share of hostile updates (default: 0.2)",
    )
    .option(
      "--clip <x>",
      "centred-clipping, norm-clipping: longest update (default: by the median)",
    )
    .option("--bucket <n>", "updates averaged before the rule sees them (default: 1)")
    .option("--server <name>", `${SERVER_OPTIMIZERS.join(", ")} (default: sgd, FedAvg)`)
    .option("--server-learning-rate <x>", "(default: sgd 1, else 0.01)")
    .option("--server-momentum <x>", "sgd: (default: 0)")
    .option("--server-beta1 <x>", "(default: adam, yogi 0.9; adagrad 0)")
    .option("--server-beta2 <x>", "adam, yogi: (default: 0.99)")
    .option("--server-tau <x>", "adagrad, adam, yogi: (default: 0.001)")
    .option("--participants <n>", "nodes to draw (default: 4; fewer where rows or nodes are few)")
    .option("--quorum <n>", "updates a round needs (default: more than half)")
    .option(
      "--team <n>",
      "managers to draw, at least 3 (default: 3; where the network has fewer nodes, all of them)",
    )
    .option("--phase-seconds <n>", "deadline of a phase (default: 120)")
    .option("--price <poml>", "POML per verified sample step, e.g. 0.00002 (default: 0.00001)")
    .option("--target-accuracy <x>", "stop early at this test accuracy, 0 to 1")
    .option(
      "--budget <poml>",
      "escrow in POML (default: a little over the price; the rest comes back)",
    )
    .option("--seed <hex>", "32 bytes that seed the training (default: drawn by the node)");
}

/** For each option, the key of the order that it sets and how its text is parsed. */
const FIELDS = {
  name: ["name", String],
  engine: ["engine", String],
  rounds: ["rounds", Number],
  epochs: ["localEpochs", Number],
  batch: ["batchSize", Number],
  loss: ["loss", String],
  partition: ["partition", String],
  participants: ["participants", Number],
  quorum: ["quorum", Number],
  team: ["teamSize", Number],
  phaseSeconds: ["phaseSeconds", Number],
  price: ["pricePerSample", readPrice],
  targetAccuracy: ["targetAccuracy", Number],
  seed: ["seed", String],
} as const satisfies Partial<Record<keyof OrderOptions, readonly [keyof TrainOrder, unknown]>>;

/**
 * @returns micro-POML
 * @throws CliError BAD_ARGUMENT for whole numbers: they meant micro-POML once, and a million times as much would be
 * paid
 */
function readPrice(text: string): string {
  const amount = parseAmount(text, "price");
  if (amount === 0n || text.includes(".")) return amount.toString();
  throw usageError(
    "price",
    `${text} would be ${text} POML for every sample step`,
    `for ${text} micro-POML give ${formatAmount(BigInt(text))}; if you mean POML, write ${text}.0`,
  );
}

/** Options that set a field of the order's aggregation, and how their text is parsed. */
const AGGREGATION = {
  aggregation: ["rule", String],
  hostile: ["hostile", Number],
  clip: ["clip", Number],
  bucket: ["bucket", Number],
} as const satisfies Partial<Record<keyof OrderOptions, readonly [string, unknown]>>;

/** Options that set a field of the order's server optimizer. */
const SERVER = {
  serverLearningRate: "learningRate",
  serverMomentum: "momentum",
  serverBeta1: "beta1",
  serverBeta2: "beta2",
  serverTau: "tau",
} as const satisfies Partial<Record<keyof OrderOptions, string>>;

/** Options that set a field of the order's optimizer with the same name. */
const SETTINGS = [
  "learningRate",
  "momentum",
  "beta1",
  "beta2",
  "epsilon",
  "initialAccumulator",
  "weightDecay",
  "clipValue",
  "clipNorm",
] as const satisfies readonly (keyof OrderOptions)[];

/** @throws CliError BAD_ARGUMENT naming the field, DATASET_NOT_FOUND */
export async function readOrder(options: OrderOptions, client: PomlClient): Promise<TrainOrder> {
  const raw: Record<string, unknown> =
    options.order === undefined ? {} : await readJson("order", options.order);
  for (const [option, [key, read]] of Object.entries(FIELDS)) {
    const text = options[option as keyof typeof FIELDS];
    if (text !== undefined) raw[key] = read(text);
  }
  const optimizer = readOptimizer(options, raw.optimizer);
  if (optimizer !== undefined) raw.optimizer = optimizer;
  const aggregation = readAggregation(options, raw.aggregation);
  if (aggregation !== undefined) raw.aggregation = aggregation;
  const server = readServer(options, raw.server);
  if (server !== undefined) raw.server = server;
  if (options.budget !== undefined) raw.budget = parseAmount(options.budget, "budget").toString();
  if (options.preset !== undefined && options.model !== undefined) {
    throw usageError("model", "both --preset and --model are given", "give one of them");
  }
  if (options.preset !== undefined) raw.model = { preset: options.preset };
  if (options.model !== undefined) {
    raw.model = { layersModel: await readJson("model", options.model) };
  }
  const dataset = await findDataset(options.dataset ?? raw.dataset, client);
  raw.dataset = dataset.id;
  const parsed = TrainOrder.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === "unrecognized_keys") path.push(...issue.keys.slice(0, 1));
  const field = path.join(".") || "order";
  const option = optionOf(path);
  throw usageError(
    field,
    issue?.message ?? "is not valid",
    `${option === undefined ? "" : `correct ${option}; `}\`npx poml job submit --help\` lists the options`,
  );
}

const FIELD_OPTIONS = new Map(
  Object.entries(FIELDS).map(([option, [key]]) => [String(key), option]),
);
/** Where the option depends on the setting inside a field. */
const OPTIONS_OF: Readonly<Record<string, (setting: string) => string>> = {
  optimizer: (setting) => SETTINGS.find((name) => name === setting) ?? "optimizer",
  aggregation: (setting) =>
    Object.entries(AGGREGATION).find(([, [key]]) => key === setting)?.[0] ?? "aggregation",
  server: (setting) => Object.entries(SERVER).find(([, key]) => key === setting)?.[0] ?? "server",
};

/** The option that sets a field of an order, e.g. `--epochs` for `localEpochs`. */
function optionOf([field, setting = "kind"]: readonly string[]): string | undefined {
  const option = OPTIONS_OF[field ?? ""]?.(setting) ?? FIELD_OPTIONS.get(field ?? "");
  return option && `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @param ordered the aggregation in the order file; options win */
function readAggregation(options: OrderOptions, ordered: unknown): unknown {
  const given: Record<string, unknown> = {};
  for (const [option, [key, read]] of Object.entries(AGGREGATION)) {
    const text = options[option as keyof typeof AGGREGATION];
    if (text !== undefined) given[key] = read(text);
  }
  return Object.keys(given).length === 0 ? ordered : { ...Object(ordered), ...given };
}

/** @param ordered the server optimizer in the order file; its settings count unless the options name another one */
function readServer(options: OrderOptions, ordered: unknown): unknown {
  const settings: Record<string, unknown> = {};
  for (const [option, key] of Object.entries(SERVER)) {
    const text = options[option as keyof typeof SERVER];
    if (text !== undefined) settings[key] = Number(text);
  }
  if (options.server === undefined && Object.keys(settings).length === 0) return ordered;
  const given: { readonly kind?: unknown } = { ...Object(ordered) };
  const kind = options.server ?? given.kind ?? "sgd";
  return { ...(kind === given.kind && given), ...settings, kind };
}

/** @param ordered the optimizer in the order file; its settings count unless the options name another optimizer */
function readOptimizer(options: OrderOptions, ordered: unknown): unknown {
  const settings: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const text = options[setting];
    if (text !== undefined) settings[setting] = Number(text);
  }
  if (options.optimizer === undefined && Object.keys(settings).length === 0) return ordered;
  const given: { readonly kind?: unknown } = { ...Object(ordered) };
  const kind = options.optimizer ?? given.kind ?? "adam";
  return { ...(kind === given.kind && given), ...settings, kind };
}

async function findDataset(wanted: unknown, client: PomlClient): Promise<{ id: string }> {
  const datasets = await client.datasets();
  if (wanted === undefined) {
    const [only] = datasets;
    if (only !== undefined && datasets.length === 1) return only;
    throw usageError("dataset", "not given", "`npx poml dataset list` shows what the node holds");
  }
  const text = String(wanted);
  const matches = datasets.filter(
    ({ id, name }) => id === text || name === text || (text.length >= 6 && id.startsWith(text)),
  );
  const [found] = matches;
  if (found !== undefined && matches.length === 1) return found;
  if (TASK_ID.test(text) && found === undefined) {
    throw usageError("dataset", isTask(text), "`npx poml dataset list` shows the ids");
  }
  if (matches.length > 1) throw ambiguous(text, matches);
  throw new CliError(
    `dataset ${JSON.stringify(text)}: not held by this node`,
    { code: "DATASET_NOT_FOUND", exit: EXIT.notFound, field: "dataset" },
    "`npx poml dataset list` shows the ids; `npx poml dataset import` adds one",
  );
}

/** The owner may give one name to two datasets; ids are unique. */
function ambiguous(text: string, matches: readonly DatasetJson[]): CliError {
  const ids = matches.map(({ id, trainRows }) => `${id.slice(0, 16)} (${trainRows} rows to train)`);
  return new CliError(
    `dataset ${JSON.stringify(text)}: more than one fits: ${ids.join(", ")}`,
    { code: "DATASET_AMBIGUOUS", exit: EXIT.usage, field: "dataset" },
    "name it by its id; `npx poml dataset list` shows what each holds",
  );
}
