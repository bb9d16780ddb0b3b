// The calculator's state in a link: behind its #, which no host is told.
import { BEGUN, FORMATS, PASTED } from "./kv-answer.js";
import { NotANumber, readNumber } from "./numbers.js";
import { carried } from "./pasted.js";

const MOST = 1e9;  // products stay exact
export const CHUNKS = [128, 256, 512, 1024, 2048, 4096, 8192];

/** A whole number from 1 to MOST, as people type it: 12万, １，０２４; undefined where it is none. */
export const whole = (typed) => {
  try {
    const { digits, exponent } = readNumber(typed, [], "⁰¹²³⁴⁵⁶⁷⁸⁹");
    const value = Number(digits) * 10 ** exponent;
    return Number.isInteger(value) && value > 0 && value <= MOST ? value : undefined;
  } catch (problem) {
    if (problem instanceof NotANumber) return undefined;
    throw problem;
  }
};

/** A number above 0, as text; undefined where it is none. */
export const positive = (typed) => {
  const text = typed.normalize("NFKC").trim();
  return Number(text) > 0 && Number.isFinite(Number(text)) ? text : undefined;
};

const oneOf = (names) => (text) => (names.includes(text) ? text : undefined);

// How a link's values are read; undefined: not at all.
const readers = ({ models }) => ({
  model: oneOf([PASTED, ...models.map(({ key }) => key)]),
  length: whole, source: whole, batch: whole,
  weights: oneOf(Object.keys(FORMATS)), cache: oneOf(Object.keys(FORMATS)),
  chunk: (text) => (text === "all" ? null : CHUNKS.find((n) => `${n}` === text)),
  parameters: positive,
  config: (text) => text,
});

// What a fragment or a query says of a state; null where it says nothing.
const said = (text) => {
  const found = [...new URLSearchParams(text)].filter(([name]) => Object.hasOwn(BEGUN, name));
  return found.length ? found : null;
};

/** {state, unused (what cannot be read), isAsked}; an old link has its state in the query. */
export function fromLink({ hash, search }, table) {
  const asked = said(hash.slice(1)) ?? said(search), read = readers(table);
  const state = { ...BEGUN }, unused = [];
  for (const [name, text] of asked ?? []) {
    const value = read[name](text);
    if (value === undefined) unused.push(`${name}=${[...text].slice(0, 40).join("")}`);
    else state[name] = value;
  }
  return { state, unused, isAsked: asked !== null };
}

/** The fragment of a state, without its #: what differs from the beginning, and is read. */
export function toLink(state, table) {
  const isPasted = state.model === PASTED;
  const own = { ...state, config: isPasted ? carried(state.config, table) : "", parameters: isPasted ? state.parameters : "" };
  const differs = Object.entries(own).filter(([name, value]) => value !== BEGUN[name]);
  return `${new URLSearchParams(differs.map(([name, value]) => [name, `${value ?? "all"}`]))}`;
}
