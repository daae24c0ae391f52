/**
 * Every setting of a node, once: its form, default and explanation. Flags, environment variables,
 * config.json and docs/configuration.md all follow from this schema (options.ts).
 */
import { isIP, isIPv6 } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { formatAmount, POML } from "../../chain/amount.ts";
import { parseTrust } from "./trust.ts";

const LOG_FORMATS = ["auto", "text", "json"] as const;
const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** What the newest blocks are needed for: rollbacks, catching up of others, evidence of faults. */
const MIN_KEPT_BLOCKS = 2048;

/**
 * What jobs a node may be asked to work on: `train/<engine>`, and `search/<algorithm>` of those that come with the
 * program or that the nodes of the chain have voted for. Another algorithm is allowed by the hash of its module.
 */
const JOB_WORK = [
  "train/exact",
  "train/tfjs",
  "search/sha256",
  "search/sha256d",
  "search/blake2b",
  "search/certified",
] as const;
const OTHER_SEARCH = /^search\/[0-9a-f]{64}$/;

/** The memory that a worker may use for one order, unless the owner sets another limit. */
export const USUAL_MEMORY_MIB = 1024;

/** Ten years. */
const MAX_HOURS = 87_600;

/** Settings of earlier versions, by key, with their replacements. */
export const REPLACED_SETTINGS: ReadonlyMap<string, string> = new Map([
  [
    "jobs.quotaMib",
    "each kind of files has a quota of its own: quota.blobsMib, quota.datasetsMib, quota.modelsMib, quota.checkpointsMib, quota.searchesMib, quota.leasesMib, quota.windowsMib, quota.uploadsMib, quota.torrentsMib",
  ],
]);

const port = z.int().min(0).max(65_535);
/** A name or an address; an IPv6 address may be in brackets, as in a URL. */
const host = z
  .string()
  .min(1)
  .max(253)
  .overwrite((text) => /^\[(.*)\]$/.exec(text)?.[1] ?? text)
  .refine(
    (text) => (isIPv6(text) && !text.includes("%")) || !/[[\]:/%@?#\s]/.test(text),
    "expected a host name or an address, without scheme and port",
  );
const multiaddr = z
  .string()
  .max(256)
  .regex(/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+(\/|$)/, "expected /ip4/…/tcp/…/ws");
const peerMultiaddr = multiaddr.regex(/\/p2p\/[^/]+$/, "must end in /p2p/<peer id>");
const ip = z.string().refine((text) => isIP(text) !== 0, "expected an IP address");
/** POML as text, so that no amount passes through a float. */
const amount = z.string().regex(/^\d{1,14}(\.\d{1,6})?$/, "expected POML, e.g. 12.5");

/** A choice for the open track; it must not change between the commitment and the result. */
const recipeField = (most: number, what: string) =>
  z.int().min(0).max(most).default(0).describe(`${what} 0: the task's own value.`);

/** Room for one kind of files of jobs. */
const quota = (mib: number, what: string, least = 1) =>
  z
    .int()
    .min(least)
    .max(1_073_741_824)
    .default(mib)
    .describe(
      `Room for ${what}. Over it, those of settled jobs leave before their time, the oldest first; what open jobs need stays, and nothing more is taken.`,
    );

const Settings = z.strictObject({
  dataDir: z
    .string()
    .min(1)
    .default(() => join(homedir(), ".poml"))
    .describe("Directory of everything the node keeps: keys, chain, datasets."),
  name: z
    .string()
    .max(64)
    .default("")
    .describe("Name shown to others; up to 64 bytes. Empty: made from the public key."),
  workers: z
    .int()
    .min(0)
    .max(256)
    .default(1)
    .describe(
      "Training processes on this machine. 0: remote workers only, and what they send is not checked.",
    ),
  trust: z
    .string()
    .refine((text) => text === "" || parseTrust(text) !== undefined, "expected height:hash")
    .default("")
    .describe(
      "A final block, as height:hash, from a node you trust: an empty node starts from the snapshot below it.",
    ),
  metrics: z.boolean().default(true).describe("Serve Prometheus text at /metrics."),
  autoRegister: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe("Register as a node as soon as the account holds the bond and the fee."),
      bond: amount
        .default(formatAmount(1000n * POML))
        .describe("Bond to register with, in POML. It limits how much of the rating counts."),
    })
    .prefault({}),
  p2p: z
    .strictObject({
      listen: z
        .array(multiaddr)
        .max(16)
        .default(["/ip4/127.0.0.1/tcp/9470/ws"])
        .describe("Addresses to take connections of other nodes on. Port 0: any free port."),
      announce: z
        .array(multiaddr)
        .max(16)
        .default([])
        .describe("Addresses told to others when they differ from those listened on."),
      bootstrap: z
        .array(peerMultiaddr)
        .max(64)
        .default([])
        .describe("Nodes to join the network through. One is enough."),
      maxPeers: z.int().min(1).max(1000).default(50).describe("Connections at most."),
    })
    .prefault({}),
  api: z
    .strictObject({
      host: host.default("127.0.0.1").describe("Address the HTTP API listens on."),
      port: port.default(9471).describe("Port of the HTTP API and the page. 0: any free port."),
      hosts: z
        .array(host)
        .max(32)
        .default([])
        .describe("Host names requests may name besides loopback and the address listened on."),
      tokenFile: z
        .string()
        .default("")
        .describe("File with the bearer token. Empty: api-token in the data directory."),
      uploadMib: z.int().min(1).max(4096).default(256).describe("Largest dataset upload."),
    })
    .prefault({}),
  torrent: z
    .strictObject({
      host: ip
        .default("127.0.0.1")
        .describe("IP address datasets and models are exchanged on, and the one told to others."),
      port: port.default(0).describe("Its TCP port. 0: any free port."),
    })
    .prefault({}),
  jobs: z
    .strictObject({
      allow: z
        .array(
          z
            .string()
            .refine(
              (name) => (JOB_WORK as readonly string[]).includes(name) || OTHER_SEARCH.test(name),
              `must be one of ${JOB_WORK.join(", ")}, or search/ and the 64 hex digits of an algorithm`,
            ),
        )
        .default([...JOB_WORK])
        .describe(
          `Work this node takes part in: any of ${JOB_WORK.join(", ")}, and search/HASH for algorithms of others.`,
        ),
      memoryMib: z
        .int()
        .min(128)
        .max(1_048_576)
        .default(USUAL_MEMORY_MIB)
        .describe(
          "Memory that a worker may take for one order, estimated before it is worked on; larger orders are declined.",
        ),
      keepHours: z
        .int()
        .min(1)
        .max(MAX_HOURS)
        .default(720)
        .describe(
          "Hours to keep the model and the data of a settled job, for those who download them.",
        ),
      keepUpdatesHours: z
        .int()
        .min(1)
        .max(MAX_HOURS)
        .default(24)
        .describe(
          "Hours to keep what no open job needs: updates and parameters of passed rounds, orders not opened.",
        ),
    })
    .prefault({}),
  quota: z
    .strictObject({
      blobsMib: quota(4096, "updates, parameters, model descriptions and manifests of jobs", 64),
      datasetsMib: quota(4096, "datasets: imported ones and copies that jobs work with"),
      modelsMib: quota(2048, "trained models, as they are shared"),
      checkpointsMib: quota(8192, "states of training runs, kept until their audits are over"),
      searchesMib: quota(512, "units that this node has searched and not yet committed to", 64),
      leasesMib: quota(1024, "logs of leases, kept by the teams of searches", 64),
      windowsMib: quota(4096, "states of the last benchmark window"),
      uploadsMib: quota(1024, "files that clients are sending"),
      torrentsMib: quota(64, "torrent files"),
    })
    .prefault({}),
  track: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          "Take part in the open track, from which the quality factor of the rating comes.",
        ),
      learningRate: recipeField(10_000_000, "Learning rate on the open track, in millionths."),
      batchSize: recipeField(1024, "Rows per step on the open track."),
      width: recipeField(1024, "Units of the hidden layer on the open track."),
      epochs: recipeField(1000, "Epochs on the open track."),
    })
    .prefault({}),
  disk: z
    .strictObject({
      minFreeMib: z
        .int()
        .min(0)
        .max(1_048_576)
        .default(256)
        .describe(
          "Room to leave on the disk. With less the node stops voting and taking blocks until there is more.",
        ),
      jobsMinFreeMib: z
        .int()
        .min(0)
        .max(1_048_576)
        .default(1024)
        .describe(
          "Room that files of jobs leave on the disk; at least disk.minFreeMib. With less the node takes no uploads, imports, datasets, updates or new work, and goes on voting.",
        ),
    })
    .prefault({}),
  pruning: z
    .strictObject({
      keepBlocks: z
        .int()
        .min(0)
        .max(4_294_967_295)
        .refine((blocks) => blocks === 0 || blocks >= MIN_KEPT_BLOCKS, {
          error: `expected 0 or at least ${MIN_KEPT_BLOCKS}`,
        })
        .default(0)
        .describe(
          `Newest blocks to keep; older ones are removed. 0: keep all, else at least ${MIN_KEPT_BLOCKS}.`,
        ),
    })
    .prefault({}),
  snapshots: z
    .strictObject({
      everyEpochs: z
        .int()
        .min(0)
        .max(1_000_000)
        .default(64)
        .describe("Epochs between two snapshots of the state for nodes that join. 0: makes none."),
      keep: z.int().min(1).max(16).default(4).describe("Newest snapshots to keep."),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(LOG_LEVELS)
        .default("info")
        .describe(`One of ${LOG_LEVELS.join(", ")}.`),
      format: z
        .enum(LOG_FORMATS)
        .default("auto")
        .describe(
          "json: one object a line; text: for people; auto: text on a terminal, else json.",
        ),
    })
    .prefault({}),
});

export const ConfigSchema = Settings.refine(({ disk }) => disk.jobsMinFreeMib >= disk.minFreeMib, {
  path: ["disk", "jobsMinFreeMib"],
  error: "expected at least disk.minFreeMib: files of jobs must not stop the chain",
}).refine(({ api, quota }) => quota.uploadsMib >= api.uploadMib, {
  path: ["quota", "uploadsMib"],
  error: "expected at least api.uploadMib, the largest upload",
});

/** All settings of a node; frozen when made by loadConfig. */
export type Config = z.infer<typeof ConfigSchema>;
