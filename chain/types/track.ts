/** The open track: nodes choose how to train within a budget, and the chain measures the result. */
import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Hash, Uint16, Uint32 } from "./primitive.ts";

/** The square of the largest number of classes: the counts of a confusion matrix. */
export const MAX_COUNTS = 256;
/** The number of nodes that repeat one result. */
export const TRACK_JUDGES = 5;

/** The choices a node has. */
export const Recipe = new ContainerType(
  {
    /** Millionths. */
    learningRate: Uint32,
    /** Rows per step. */
    batchSize: Uint16,
    /** Units of the hidden layer. */
    width: Uint16,
    epochs: Uint16,
  },
  { typeName: "Recipe", jsonCase: "eth2" },
);
export type Recipe = ValueOf<typeof Recipe>;

/** What the quality of a node is based on; shares in millionths. */
export const TrackScore = new ContainerType(
  {
    /** 0: none, the quality is 1. */
    track: Uint32,
    /** Version of the task (chain/track/task.ts). */
    task: Uint16,
    accuracy: Uint32,
    precision: Uint32,
    recall: Uint32,
    f1: Uint32,
  },
  { typeName: "TrackScore", jsonCase: "eth2" },
);
export type TrackScore = ValueOf<typeof TrackScore>;

/** The last track; number 0 = none yet. Each height is the last of its stage. */
export const Track = new ContainerType(
  {
    number: Uint32,
    task: Uint16,
    /** Block whose mix seeds the training rows. */
    opens: Uint32,
    /** Last block that accepts commitments. */
    commitsUntil: Uint32,
    /** Block whose mix seeds the test rows; nobody knew it when the commitments were made. */
    revealed: Uint32,
    /** Last block that accepts results; its mix draws the judges. */
    resultsUntil: Uint32,
    /** Last block that accepts the sealed answers of judges. */
    verdictsUntil: Uint32,
    /** Last block that accepts what opens the seals; ratings change at its end. */
    shownUntil: Uint32,
    /** 0 = not yet. */
    settledAt: Uint32,
    mix: Hash,
    /** Zero until `revealed`. */
    testMix: Hash,
  },
  { typeName: "Track", jsonCase: "eth2" },
);
export type Track = ValueOf<typeof Track>;

export const TrackJudge = new ContainerType(
  {
    /** Node index. */
    node: Uint32,
    /** Its result, bound to its own key; zero = not heard. */
    seal: Hash,
    /** Another answer, if the judge shows that its seal was made from it; zero = none. */
    reached: Hash,
  },
  { typeName: "TrackJudge", jsonCase: "eth2" },
);
export type TrackJudge = ValueOf<typeof TrackJudge>;

export const Counts = new ListBasicType(Uint16, MAX_COUNTS);

/** One node's part in the current track. */
export const TrackEntry = new ContainerType(
  {
    /** Node index. */
    node: Uint32,
    commitment: Hash,
    /** Zero until the result opens the commitment; so are all fields below. */
    recipe: Recipe,
    /** SHA-256 of the trained parameters. */
    weights: Hash,
    /** Confusion matrix over the test rows, row = label, column = prediction; empty without a result. */
    counts: Counts,
    /** Digest of the hash of the model's outputs on the test rows. */
    outputsDigest: Hash,
    /** Empty until drawn. */
    judges: new ListCompositeType(TrackJudge, TRACK_JUDGES),
    /** The hash of the outputs, once shown; otherwise zero. */
    outputs: Hash,
  },
  { typeName: "TrackEntry", jsonCase: "eth2" },
);
export type TrackEntry = ValueOf<typeof TrackEntry>;
