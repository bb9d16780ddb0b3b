// What the calculator says to a state: the numbers, and the sentences of the notebook.
import { cache, fits, need, Refused, usable } from "./kv-cache.js";
import { read } from "./pasted.js";
import { fill, fixed } from "./texts.js";

const GIB = 2 ** 30, GB = 10 ** 9;
export const FORMATS = { bfloat16: 16, float32: 32, fp8: "fp8", int8: 8, int4: 4 };
export const PASTED = "pasted";
export const BEGUN = {
  model: "llama-3-8b", length: 8192, source: 8192, batch: 1, weights: "bfloat16", cache: "bfloat16", chunk: 512,
  parameters: "", config: "",
};

export const gib = (bytes, digits = 2) => fixed(bytes / GIB, digits);

/** As helpers.kv_cache.amount writes it. */
export const amount = (bytes, words) => {
  const values = { bytes: fixed(bytes, 0), gb: fixed(bytes / GB, 2), gib: gib(bytes) };
  return fill(words[bytes >= GB / 100 ? "amount" : "bytes_only"], values);
};

/** The model that a state names; Refused where it cannot be read. */
export const modelOf = (state, table) => state.model === PASTED
  ? read(state.config, table, Number(state.parameters) || null)
  : table.models.find(({ key }) => key === state.model);

/** Everything that is said to a state; {refused: sentence} where there is no number. */
export function answer(state, table, words) {
  try {
    return computed(modelOf(state, table), state, table, words);
  } catch (problem) {
    if (problem instanceof Refused) return { refused: fill(words[problem.reason], problem.values) };
    if (state.model !== PASTED) throw problem;
    return { refused: fill(words.not_readable, { error: problem.message }) };  // a field of another type
  }
}

function computed(model, state, table, words) {
  const asked = { length: state.length, batch: state.batch, source: model.isEncoderDecoder ? state.source : null };
  const size = cache(model, asked), bits = table.stored[state.cache];
  const bytes = (size.bytes * bits) / 16, perToken = (size.perToken * bits) / 16;
  const notes = notesOf(model, state, words);
  return {
    bytes, perToken, notes, layers: size.layers,
    sentence: [said(model, state, asked.source, bytes, words), fill(words.growth, { bytes: fixed(perToken, 0) }), ...notes].join(""),
    ...(model.parameters === null ? {} : needed(model, state, asked, table, words, notes)),
  };
}

const said = (model, state, source, bytes, words) => {
  const values = { model: model.name, dtype: state.cache, batch: fixed(state.batch, 0), tokens: fixed(state.length, 0) };
  const total = amount(bytes, words);
  return source === null ? fill(words.sentence, { ...values, total })
    : fill(words.sentence_cross, { ...values, total, source: fixed(source, 0) });
};

function notesOf(model, { length }, words) {
  const notes = [];
  if (model.isEncoderOnly) notes.push(words.note_encoder_only);
  if (model.textPart) notes.push(fill(words.note_text_part, { family: model.textPart }));
  if (model.limit && model.limit < length) notes.push(fill(words.note_too_long, { tokens: fixed(model.limit, 0) }));
  const missing = Object.entries(model.missing ?? {}).map(([name, value]) => `${name} = ${told(value)}`);
  if (missing.length) notes.push(fill(words.note_defaults, { fields: missing.join(", ") }));
  return notes;
}

const told = (value) => (Array.isArray(value) ? [...new Set(value)].join("/") : `${value}`);

function needed(model, state, asked, table, words, notes) {
  const how = { ...asked, chunk: state.chunk, weightBits: FORMATS[state.weights], cacheBits: FORMATS[state.cache] };
  const found = need(model, how, table);
  const reads = found.chunk === null ? words.reads_at_once : fill(words.reads_in_chunks, { chunk: fixed(found.chunk, 0) });
  const cards = table.cards.map((card) => {
    const room = usable(card, table), isEnough = fits(found, card, table);
    return { ...card, room, fits: isEnough, sentence: [verdict(model, card, found, room, isEnough, words), reads, ...notes].join("") };
  });
  return { need: found, reads, cards };
}

const verdict = (model, card, found, room, isEnough, words) => {
  const values = { model: model.name, gpu: card.name, gib: fixed(card.mib / 1024, 2), usable: gib(room, 1), need: gib(found.bytes, 1) };
  return fill(words[isEnough ? "fits" : "does_not_fit"], values);
};
