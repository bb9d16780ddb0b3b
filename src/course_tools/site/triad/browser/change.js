// Step 3: one word is changed; every output that moves lights up, and what cannot move is exactly 0.0.
import { decode, decoder, encode, encoder } from "./forward.js";
import { moved } from "./reading.js";
import { ask, choice, el, tokens } from "./dom.js";
import { other, translation } from "./blank.js";

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
    controls.replaceChildren(...inputs(shared, state, pick, draw));
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

/** What all models say of a sentence; written: what T5's decoder is told that it has written. */
function through({ reader, models }, sentence, ahead, guess, written) {
  const ids = (name) => reader.ids([...sentence.text], name, sentence.lang).ids;
  const told = translation({ reader, models }, sentence, guess), memory = told.memory.vectors;
  const given = written ?? [told.start, ...told.ids.slice(0, -1)];
  return {
    encoder: encoder(ids("encoder"), models.encoder).logits,
    decoder: decoder(ids("decoder"), models.decoder, ahead).logits,
    t5_encoder: memory, t5_decoder: decode(given, memory, models.encoder_decoder).logits,
    names: { encoder: ids("encoder"), decoder: ids("decoder"), t5_encoder: told.source, t5_decoder: told.ids }, given, told,
  };
}

const kept = new WeakMap(); // sentence -> mask -> what all models say of it

function before(shared, mask) {
  const masks = kept.get(shared.chosen) ?? kept.set(shared.chosen, {}).get(shared.chosen);
  return (masks[mask] ??= through(shared, shared.chosen, AHEAD[mask]));
}

/** {name: {names, changes}} of the outputs when a word is exchanged, and both translations. */
export function changed(shared, { word, other, mask }) {
  const { reader, chosen } = shared, { at, word: old } = chosen.words[word], characters = [...chosen.text];
  characters.splice(at, [...old].length, ...other);
  const first = before(shared, mask), sentence = { lang: chosen.lang, text: characters.join(""), translation: null };
  const after = through(shared, sentence, AHEAD[mask], first.told.ids, first.given);
  const output = (name) => [name, { names: reader.names(first.names[name]), changes: moved(first[name], after[name]) }];
  return { ...Object.fromEntries(OUTPUTS.map(output)), translations: [first.told.text, after.told.text] };
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
