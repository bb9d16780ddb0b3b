// Step 3: one word is changed; every output that moves lights up, and what cannot move is exactly 0.0.
import { moved } from "./reading.js";
import { ask, choice, el, other, refill, span, tag, tokens } from "./dom.js";
import { decoded, memory, translation, whole, writing } from "./runs.js";

const AHEAD = { causal: 0, one: 1, all: Infinity };
const OUTPUTS = ["encoder", "decoder", "t5_encoder", "t5_decoder"];

export function change(place, shared) {
  const { say } = shared, state = { word: 0, other: "", mask: "causal" };
  const controls = el("div", { className: "controls" }), shown = el("p", { className: "shown" }), parts = el("div");
  place.append(controls, shown, parts);
  const again = ask(parts, say, {
    question: say("change_question"), several: true, judged: () => state.mask === "causal",
    options: Object.fromEntries([...OUTPUTS.map((name) => [name, say(name)]), ["none", say("change_none")]]),
    measure: (result) => show(result, shared, state, changed(shared, state)),
  });
  const draw = () => {
    shown.lang = tag(shared.chosen.lang);
    shown.replaceChildren(...marked(shared.chosen, state));
    again();
  };
  const pick = (word) => {
    Object.assign(state, { word, other: shared.chosen.words[word].choices[0] });
    refill(controls, ...inputs(shared, state, pick, draw));
    draw();
  };
  const begin = () => pick(Math.max(0, shared.chosen.words.findIndex((one) => one.name === "place")));
  shared.hear(begin);
  begin();
}

function inputs({ say, chosen: { lang, words } }, state, pick, draw) {
  const hear = (name) => (value) => { state[name] = value; draw(); };
  const all = words.map(({ word, at }, n) => [n, say("word_at", { word, n: at + 1 })]);
  return [
    choice(say("word"), all, state.word, (n) => pick(Number(n))),
    choice(say("other"), words[state.word].choices.map((one) => [one, one, lang]), state.other, hear("other")),
    choice(say("mask"), Object.keys(AHEAD).map((name) => [name, say(`mask_${name}`)]), state.mask, hear("mask")),
  ];
}

/** The sentence, the old word struck out before the new one. */
function marked({ text, words }, state) {
  const characters = [...text], { at, word } = words[state.word], end = at + [...word].length;
  return [characters.slice(0, at).join(""), el("del", {}, word), "→", el("ins", {}, state.other), characters.slice(end).join("")];
}

/** {name: {names, now (the names of what is read, where they differ), changes}} of the outputs when a word is exchanged, and both translations.
    T5's decoder is told both times that it has written the first translation. */
export function changed(shared, { word, other, mask }) {
  const { reader, chosen } = shared, { at, word: old } = chosen.words[word], characters = [...chosen.text];
  characters.splice(at, [...old].length, ...other);
  const after = { lang: chosen.lang, text: characters.join(""), translation: null };
  const wholes = (name, ...ahead) => [chosen, after].map((sentence) => whole(shared, sentence, name, ...ahead));
  const first = writing(shared, chosen), again = decoded(shared, after, first.given), read = memory(shared, chosen);
  const told = translation(shared, chosen), now = translation(shared, after, first.given.slice(1));
  const [both, left] = [wholes("encoder"), wholes("decoder", AHEAD[mask])];
  const output = (ids, before, next, now = ids) => ({ names: reader.names(ids), now: reader.names(now), changes: moved(before, next) });
  const reread = memory(shared, after);
  return {
    encoder: output(both[0].ids, both[0].logits, both[1].logits, both[1].ids), decoder: output(left[0].ids, left[0].logits, left[1].logits, left[1].ids),
    t5_encoder: output(read.ids, read.vectors, reread.vectors, reread.ids), t5_decoder: output(told.ids, first.logits, again.logits),
    translations: [told.text, now.text],
  };
}

/** Draw what has moved; return the outputs of which something has not. */
function show(result, shared, state, found) {
  const { say, chosen } = shared, into = other(chosen.lang), [old, now] = found.translations;
  const parts = OUTPUTS.map((name) => output(say, name, found[name], name === "t5_decoder" ? into : chosen.lang));
  result.replaceChildren(
    el("p", {}, seen(shared, state, found.decoder)), legend(say), el("p", { className: "note" }, say("special_tokens")), ...parts,
    el("h3", {}, say("translation_now")), el("p", { className: "shown" }, span(into, old), " → ", span(into, now)),
    el("p", { className: "note" }, reference(say, chosen.words[state.word], state.other, now, into)));
  const still = OUTPUTS.filter((name) => found[name].changes.includes(0));
  return still.length ? still : "none";
}

/** A row of tokens: what stands in its cells, how many of them moved, and where those are that did not. */
function output(say, name, { names, now, changes }, lang) {
  const still = changes.filter((one) => one === 0).length, first = names.findIndex((token, t) => token !== now[t]);
  const items = names.map((token, t) => ({ name: token === now[t] ? token : `${token}→${now[t]}`, said: number(changes[t]), level: level(changes[t]), mark: token !== now[t] }));
  const left = still > 0 && changes.lastIndexOf(0) < first ? say.parts("zeros_left", { still, character: span(lang, names[first]) }) : "";
  return el("section", {}, el("h3", {}, say(name)), el("p", {}, say(`cells_${name}`)),
    el("p", {}, say("moved", { moved: changes.length - still, still, all: changes.length }), left), tokens(items, say(name), lang));
}

/** What a mask that was made wrong on purpose shows: how far left of the exchanged word something moves. */
function seen({ say, models }, { mask }, { names, now, changes }) {
  if (mask === "causal") return "";
  const first = names.findIndex((token, t) => token !== now[t]);
  return say(`seen_${mask}`, { reach: changes.slice(0, first).filter((one) => one > 0).length, layers: Object.keys(models.decoder.w.blocks).length });
}

const legend = (say) => el("p", { className: "legend" }, [0, 1, 2, 3].map((n) => el("span", { "data-level": n }, say(`level_${n}`))));

/** How the new translation compares with the grammar's, which knows none of a sentence that it cannot say. */
function reference(say, { choices, translations }, other, got, lang) {
  if (!translations) return say("no_reference");
  const translation = translations[choices.indexOf(other)];
  if (translation === null) return say("outside_grammar");
  return say.parts(got === translation ? "translated_right" : "translated_wrong", { translation: span(lang, translation) });
}

const TINY = 0.001;
/** A change as it is shown: a decimal, however small. */
export const number = (change) => (change === 0 ? "0.0" : change >= 0.95 ? change.toFixed(1) : change >= 0.0095 ? change.toFixed(2) : change >= TINY / 2 ? change.toFixed(3) : `<${TINY}`);
/** How strongly a change is lit: by the number as it is shown. */
export const level = (change) => (change === 0 ? 0 : change < TINY || Number(number(change)) < 1 ? 1 : Number(number(change)) < 5 ? 2 : 3);
