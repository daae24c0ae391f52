/** The layer classes that the exact engine runs, each with its reader. */

import { readActivation, readLeakyRelu, readRelu, readSoftmax } from "./layers/activation.ts";
import {
  readConv1d,
  readConv2d,
  readDepthwiseConv2d,
  readSeparableConv2d,
} from "./layers/convolution.ts";
import { readDense } from "./layers/dense.ts";
import { readDropout } from "./layers/dropout.ts";
import { readEmbedding } from "./layers/embedding.ts";
import type { LayerReader } from "./layers/layer-reader.ts";
import { readAdd, readConcatenate } from "./layers/merge.ts";
import { readBatchNorm, readLayerNorm } from "./layers/normalization.ts";
import {
  readAveragePool1d,
  readAveragePool2d,
  readGlobalAveragePool1d,
  readGlobalAveragePool2d,
  readGlobalMaxPool1d,
  readGlobalMaxPool2d,
  readMaxPool1d,
  readMaxPool2d,
} from "./layers/pooling.ts";
import { readGru, readLstm, readSimpleRnn } from "./layers/recurrent.ts";
import { readFlatten, readReshape } from "./layers/reshape.ts";

export const LAYER_READERS: ReadonlyMap<string, LayerReader> = new Map([
  ["InputLayer", (_config, input) => input],
  ["Activation", readActivation],
  ["Add", readAdd],
  ["AveragePooling1D", readAveragePool1d],
  ["AveragePooling2D", readAveragePool2d],
  ["BatchNormalization", readBatchNorm],
  ["Concatenate", readConcatenate],
  ["Conv1D", readConv1d],
  ["Conv2D", readConv2d],
  ["Dense", readDense],
  ["DepthwiseConv2D", readDepthwiseConv2d],
  ["Dropout", readDropout],
  ["Embedding", readEmbedding],
  ["Flatten", readFlatten],
  ["GRU", readGru],
  ["GlobalAveragePooling1D", readGlobalAveragePool1d],
  ["GlobalAveragePooling2D", readGlobalAveragePool2d],
  ["GlobalMaxPooling1D", readGlobalMaxPool1d],
  ["GlobalMaxPooling2D", readGlobalMaxPool2d],
  ["LSTM", readLstm],
  ["LayerNormalization", readLayerNorm],
  ["LeakyReLU", readLeakyRelu],
  ["MaxPooling1D", readMaxPool1d],
  ["MaxPooling2D", readMaxPool2d],
  ["ReLU", readRelu],
  ["Reshape", readReshape],
  ["SeparableConv2D", readSeparableConv2d],
  ["SimpleRNN", readSimpleRnn],
  ["Softmax", readSoftmax],
] satisfies [string, LayerReader][]);
