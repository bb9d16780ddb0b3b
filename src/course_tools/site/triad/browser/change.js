// Step 3: one word is changed; every output that moves lights up, and what cannot move is exactly 0.0.
import { moved } from "./reading.js";
import { ask, choice, el, refill, tokens } from "./dom.js";
import { other } from "./blank.js";
import { decoded, memory, translation, whole, writing } from "./runs.js";

const AHEAD = { causal: 0, one: 1, all: Infinity };
const OUTPUTS = ["encoder", "decoder", "t5_encoder", "t5_decoder"];

export function change(place, shared) {
  const { say } = shared, state = { word: 0, other: "", mask: "causal" };
  const controls = el("div", { className: "controls" }), shown = el("p", { className: "shown" }), parts = el("div");
  place.append(controls, shown, parts);
  const again = ask(parts, say, {
    question: say("change_question"), several: true,
    options: Object.fromEntries(OUTPUTS.map((name) => [name, say(name)])),
    measure: (result) => show(result, shared, changed(shared, state)),
  });
  const draw = () => {
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

function inputs({ say, chosen: { words } }, state, pick, draw) {
  const hear = (name) => (value) => { state[name] = value; draw(); };
  const all = words.map(({ word, at }, n) => [n, say("word_at", { word, n: at + 1 })]);
  return [
    choice(say("word"), all, state.word, (n) => pick(Number(n))),
    choice(say("other"), words[state.word].choices.map((one) => [one, one]), state.other, hear("other")),
    choice(say("mask"), Object.keys(AHEAD).map((name) => [name, say(`mask_${name}`)]), state.mask, hear("mask")),
  ];
}

/** The sentence, the old word struck out before the new one. */
function marked({ text, words }, state) {
  const characters = [...text], { at, word } = words[state.word], end = at + [...word].length;
  return [characters.slice(0, at).join(""), el("del", {}, word), el("ins", {}, state.other), characters.slice(end).join("")];
}

/** {name: {names, changes}} of the outputs when a word is exchanged, and both translations.
    T5's decoder is told both times that it has written the first translation. */
export function changed(shared, { word, other, mask }) {
  const { reader, chosen } = shared, { at, word: old } = chosen.words[word], characters = [...chosen.text];
  characters.splice(at, [...old].length, ...other);
  const after = { lang: chosen.lang, text: characters.join(""), translation: null };
  const wholes = (name, ...ahead) => [chosen, after].map((sentence) => whole(shared, sentence, name, ...ahead));
  const first = writing(shared, chosen), again = decoded(shared, after, first.given), read = memory(shared, chosen);
  const told = translation(shared, chosen), now = translation(shared, after, first.given.slice(1));
  const [both, left] = [wholes("encoder"), wholes("decoder", AHEAD[mask])];
  const output = (ids, before, next) => ({ names: reader.names(ids), changes: moved(before, next) });
  return {
    encoder: output(both[0].ids, both[0].logits, both[1].logits), decoder: output(left[0].ids, left[0].logits, left[1].logits),
    t5_encoder: output(read.ids, read.vectors, memory(shared, after).vectors), t5_decoder: output(told.ids, first.logits, again.logits),
    translations: [told.text, now.text],
  };
}

/** Draw what has moved; return the outputs of which something has not. */
function show(result, { say, chosen }, found) {
  const parts = OUTPUTS.map((name) => {
    const { names, changes } = found[name], still = changes.filter((one) => one === 0).length;
    const items = names.map((token, t) => ({ name: token, said: number(changes[t]), level: level(changes[t]) }));
    return el("section", {}, el("h3", {}, say(name)), el("p", { className: "note" }, say("moved", { moved: changes.length - still, still, all: changes.length })), tokens(items, say(name)));
  });
  const lang = other(chosen.lang), [old, now] = found.translations;
  const translated = el("p", { className: "shown" }, el("span", { lang }, old), " → ", el("span", { lang }, now));
  result.replaceChildren(...parts, el("h3", {}, say("translation_now")), translated, el("p", { className: "note" }, say("levels")));
  return OUTPUTS.filter((name) => found[name].changes.includes(0));
}

const number = (change) => (change === 0 ? "0.0" : change >= 0.95 ? change.toFixed(1) : change >= 0.0095 ? change.toFixed(2) : change.toExponential(0));
const level = (change) => (change === 0 ? 0 : change < 1 ? 1 : change < 5 ? 2 : 3);
