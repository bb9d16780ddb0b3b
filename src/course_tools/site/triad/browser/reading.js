// Texts and what is read off logits: tokens, the likeliest ones, what has moved, a whole answer.
import { span } from "./dom.js";
import { softmax } from "./forward.js";

/** {ids, names}: texts as token numbers of a model, and back. */
export function reader({ vocabulary, frames, tags, prompts }) {
  const numbers = new Map(vocabulary.map((token, id) => [token, id]));
  const number = (token) => numbers.get(token) ?? numbers.get("[UNK]");
  return {
    number,
    unknown: (text) => [...new Set(text)].filter((character) => !numbers.has(character)),
    /** before: how many tokens stand before the text */
    ids(text, model, lang) {
      const [before, after] = frames[model];
      const first = model === "encoder_decoder" ? [...before, ...prompts[lang]] : [...before, tags[lang]];
      return { ids: [...first, ...text, ...after].map(number), before: first.length };
    },
    names: (ids) => ids.map((id) => vocabulary[id]),
    text: (ids) => ids.map((id) => vocabulary[id]).filter((token) => [...token].length === 1).join(""),
  };
}

/** What tokens are called: a text's by their place in it, what stands before and behind it by name alone. */
export const placed = (names, { before, length }, say) =>
  names.map((token, t) => (t >= before && t < before + length ? say("token_at", { token, n: t - before + 1 }) : token));

/** The same as nodes: what is of another language than the page says so. */
export const marked = (names, { before, length }, say, lang) =>
  names.map((token, t) => (t >= before && t < before + length ? say.parts("token_at", { token: span(lang, token), n: t - before + 1 }) : token));

const likeliest = (row) => row.indexOf(Math.max(...row));

/** The n likeliest tokens: [{id, p}], by softmax(logits / temperature). */
export function best(logits, n, temperature = 1) {
  const sorted = softmax(logits, temperature).map((p, id) => ({ id, p })).sort((a, b) => b.p - a.p);
  return sorted.slice(0, n);
}

/** A token, drawn by its probability; random: between 0 and 1. */
export function sample(logits, temperature, random) {
  const shares = softmax(logits, temperature);
  let left = random;
  const id = shares.findIndex((p) => (left -= p) < 0);
  return id < 0 ? likeliest(logits) : id;
}

/** The largest change of each row: 0 where no number of it has changed. */
export function moved(before, after) {
  return before.map((row, t) => row.reduce((most, value, n) => Math.max(most, Math.abs(value - after[t][n])), 0));
}

/** What T5 writes, greedily: the ids up to </s>, at most `most`.
    decoded(given): its record; guess: what it may write, whose right part takes one pass in all. */
export function answer(decoded, { start, end }, guess = [], most = 40) {
  let written = [];
  while (written.length < most && written.at(-1) !== end) {
    const tried = [...written, ...guess.slice(written.length)];
    const next = decoded([start, ...tried]).logits.map(likeliest);
    let right = written.length;
    while (right < tried.length && tried[right] === next[right] && tried[right] !== end) right++;
    written = [...tried.slice(0, right), next[right]];
  }
  return written.slice(0, most);
}
