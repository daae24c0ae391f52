/**
 * Initializers as tfjs spells them. Keras says LecunNormal where tfjs says LeCunNormal, and tfjs does not accept an
 * object without a config. The drawn values do not depend on the spelling.
 */

import { isPlainObject, type PlainJson } from "./plain-json.ts";

/** Class names of tfjs. */
const CLASSES = [
  "Constant",
  "GlorotNormal",
  "GlorotUniform",
  "HeNormal",
  "HeUniform",
  "Identity",
  "LeCunNormal",
  "LeCunUniform",
  "Ones",
  "Orthogonal",
  "RandomNormal",
  "RandomUniform",
  "TruncatedNormal",
  "VarianceScaling",
  "Zeros",
] as const;
const BY_KIND: ReadonlyMap<string, string> = new Map(
  CLASSES.map((className) => [className.toLowerCase(), className]),
);

/** The name without case and underscores: glorotuniform. */
export function initializerKind(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

/**
 * The same initializer as an object that tfjs reads. Texts that tfjs reads, and unknown initializers, stay unchanged.
 */
export function initializerForm(value: PlainJson): PlainJson {
  const name = isPlainObject(value) ? value.class_name : value;
  if (typeof name !== "string") return value;
  const className = BY_KIND.get(initializerKind(name));
  if (className === undefined) return value;
  if (!isPlainObject(value)) return isTfjsText(name, className) ? value : asObject(className, {});
  return className === name && isPlainObject(value.config)
    ? value
    : { ...value, ...asObject(className, value.config ?? {}) };
}

function asObject(className: string, config: PlainJson): { class_name: string; config: PlainJson } {
  // tfjs requires the value of a constant; its default is 0.
  const needsValue = className === "Constant" && isPlainObject(config) && !("value" in config);
  return { class_name: className, config: needsValue ? { ...config, value: 0 } : config };
}

/** tfjs reads a text in snake or camel case, `glorot_uniform` or `glorotUniform`. */
function isTfjsText(text: string, className: string): boolean {
  if (className === "Constant") return false;
  const camel = text.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase());
  return camel === className || camel === `${className[0]?.toLowerCase()}${className.slice(1)}`;
}
