/** The losses as tfjs operations: one value per sample. */

import type { Loss } from "../hyperparameters.ts";
import { tf } from "./backend.ts";

/** Smallest probability that the losses distinguish; the exact engine clips there too. */
const EPSILON = 1e-7;

/**
 * @param outputs samples x outputs
 * @param targets of the same shape, one-hot for class indexes
 */
export function lossPerSample(loss: Loss, outputs: tf.Tensor, targets: tf.Tensor): tf.Tensor1D {
  switch (loss) {
    case "sparseCategoricalCrossentropy":
    case "categoricalCrossentropy": {
      const logs = tf.log(tf.clipByValue(outputs, EPSILON, 1));
      return tf.neg(tf.sum(tf.mul(targets, logs), 1));
    }
    case "binaryCrossentropy": {
      const p = tf.clipByValue(outputs, EPSILON, 1 - EPSILON);
      const other = tf.mul(tf.sub(1, targets), tf.log(tf.sub(1, p)));
      return tf.neg(tf.mean(tf.add(tf.mul(targets, tf.log(p)), other), 1));
    }
    case "meanSquaredError":
      return tf.mean(tf.square(tf.sub(outputs, targets)), 1);
    case "meanAbsoluteError":
      return tf.mean(tf.abs(tf.sub(outputs, targets)), 1);
    case "huber": {
      const error = tf.abs(tf.sub(outputs, targets));
      const square = tf.minimum(error, 1);
      return tf.mean(tf.add(tf.mul(tf.square(square), 0.5), tf.sub(error, square)), 1);
    }
  }
}
