// How numbers and codes are written. Units, digits and names come from the server; here they meet the values.

import { given } from "./given.js";

const { dimensions, units } = given.selection;

export const NO_VALUE = "–";

export const unitOf = (quantity) => units[quantity].unit;

// A value in SI as the reader writes it, without its unit. One too small for the unit's digits shows three figures, so
// that little is never written as nothing.
export function written(value, quantity) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const { factor, n_digits: digits } = units[quantity];
  const number = value * factor;
  const isSmall = number !== 0 && Math.abs(number) < 0.5 * 10 ** -digits;
  const form = isSmall
    ? { maximumSignificantDigits: 3 }
    : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return number.toLocaleString("en", form);
}

export const withUnit = (value, quantity) => `${written(value, quantity)} ${unitOf(quantity)}`.trim();

export const dimensionOf = (id) => dimensions.find((dimension) => dimension.id === id);

// Answers carry ages as numbers, the state carries text.
export const asText = (value) => (value === null ? null : String(value));

const known = new Map(dimensions.map(({ id, values }) => [id, new Map(values.map((entry) => [entry.value, entry]))]));

// Name, colour and number of a value; one that is not listed names itself.
export function entryOf(dimension, value) {
  const entry = known.get(dimension)?.get(asText(value));
  return entry ?? { value: asText(value), name: String(value), colour: given.style.no_value, number: null };
}

// An element with properties, attributes and children; texts are texts, never HTML.
export function element(tag, { data = {}, attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
