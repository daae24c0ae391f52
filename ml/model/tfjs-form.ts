/**
 * Checks that plain tfjs reads a layer in the same way as we do. tfjs turns keys from snake to camel case, so `useBias`
 * and `use_bias` would be one field for tfjs and two for us; it refuses names that are no tensor names, and accepts
 * initializers only in its own spelling.
 */

import { initializerForm } from "./initializer-form.ts";
import { ModelError } from "./model-error.ts";
import { isPlainArray, isPlainObject, type PlainJson, type PlainObject } from "./plain-json.ts";

/** What tfjs accepts as the name of a tensor, with a length limit of our own. */
const NAME_PATTERN = /^[A-Za-z0-9][-A-Za-z0-9._/]{0,127}$/;
const KEY_PATTERN = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** @returns why tfjs would refuse the name, or undefined */
export function refusedName(name: string): string | undefined {
  if (name in Object.prototype) return "is a name that every object of JavaScript has already";
  if (NAME_PATTERN.test(name)) return undefined;
  if (name.length > 128) return "is longer than 128 characters";
  const wrong = [...name].find((character) => !/[-A-Za-z0-9._/]/.test(character));
  return wrong === undefined
    ? "must begin with a letter or a digit, as tfjs requires"
    : `holds ${JSON.stringify(wrong)}, which tfjs allows in no name: use letters, digits and _ . / -`;
}

/**
 * @param layer its name, for errors
 * @throws ModelError BAD_CONFIG for keys in another case
 */
export function tfjsConfig(layer: string, config: PlainObject): PlainObject {
  requireSnakeCase(layer, config);
  const members = Object.entries(config).map(([key, value]): [string, PlainJson] =>
    key.endsWith("_initializer") ? [key, initializerForm(value)] : [key, value],
  );
  const read = Object.fromEntries(members);
  // The name of this field in Keras 3.
  const { batch_shape: shape, ...rest } = read;
  if (shape === undefined || shape === null) return read;
  const other = read.batch_input_shape ?? shape;
  if (String(other) !== String(shape)) {
    throw bad(layer, "batch_shape", "must equal batch_input_shape, or be absent");
  }
  return { ...rest, batch_input_shape: shape };
}

function requireSnakeCase(layer: string, value: PlainJson): void {
  if (isPlainArray(value)) for (const item of value) requireSnakeCase(layer, item);
  if (!isPlainObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!KEY_PATTERN.test(key)) {
      throw bad(layer, key.slice(0, 64), "must be written in small letters, digits and single _");
    }
    requireSnakeCase(layer, inner);
  }
}

function bad(layer: string, field: string, reason: string): ModelError {
  return new ModelError(
    `layer "${layer}": ${field} ${reason}`,
    { code: "BAD_CONFIG", layer, field, reason },
    { remedy: `correct config.${field} of layer "${layer}"` },
  );
}
